import assert from 'node:assert/strict';
import test from 'node:test';
import { keyFilesIn } from './guestfs-facts.ts';

test('key files are asked for by paths that are some', () => {
  const longest = `/${'k'.repeat(1023)}`;
  const table = [
    'a UUID=1 /etc/keys/a luks',
    'b UUID=2 none luks',
    `c UUID=3 ${longest} luks`,
    `d UUID=4 ${longest}!id luks`,
    'e UUID=5 /etc/\0!id luks',
  ];
  assert.deepEqual(keyFilesIn(table.join('\n')), ['/etc/keys/a', longest]);
});
