import assert from 'node:assert/strict';
import test from 'node:test';
import { parsePorts } from './ports.ts';

test('ports are read however they are apart, each once, in order', () => {
  assert.deepEqual(parsePorts('443, 22 443\n80,'), [22, 80, 443]);
  assert.deepEqual(parsePorts(''), []);
});

test('what is no port is told', () => {
  for (const text of ['0', '65536', 'ssh', '22;', '-1', '1.5'])
    assert.equal(parsePorts(text), undefined, text);
});
