import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../testing/test-control-plane.ts';
import { storeLocation } from './file-store-location.ts';

const URL = 'postgres://landfall@db.example/landfall?sslmode=verify-full';

test('the password comes from a file or a variable, and without a source there is none', async (t) => {
  const file = join(await temporaryFolder(t), 'password');
  await writeFile(file, 'se cret:\n');
  process.env.LANDFALL_TEST_PASSWORD = 'other';
  t.after(() => delete process.env.LANDFALL_TEST_PASSWORD);
  assert.deepEqual(await storeLocation(URL, `file:${file}`), { url: URL, password: 'se cret:' });
  assert.deepEqual(await storeLocation(URL, 'env:LANDFALL_TEST_PASSWORD'), { url: URL, password: 'other' });
  assert.deepEqual(await storeLocation(URL, undefined), { url: URL, password: undefined });
  assert.equal(await storeLocation(undefined, undefined), undefined);
});

test('a password on the command line is refused, and not repeated', async () => {
  const urls = [
    'postgres://landfall:hunter2@db.example/landfall',
    'postgresql://landfall:hunter2@db.example',
    'postgres://db.example/landfall?user=landfall&password=hunter2',
  ];
  for (const url of urls) {
    const check = ({ code, message, hint }: { code: string; message: string; hint: string }) => {
      assert.equal(code, 'OPTION_INVALID');
      assert.ok(!`${message}${hint}`.includes('hunter2'));
      return true;
    };
    await assert.rejects(storeLocation(url, undefined), check);
  }
});

test('what is no address, or names no source of a password, is wrong usage', async () => {
  const faults: readonly [url: string | undefined, source: string | undefined][] = [
    ['mysql://db.example/landfall', undefined],
    ['db.example', undefined],
    [undefined, 'env:HOME'],
    [URL, 'secret'],
    [URL, 'file:/nowhere/at/all'],
    [URL, 'env:LANDFALL_NOT_SET'],
  ];
  for (const [url, source] of faults) {
    await assert.rejects(storeLocation(url, source), { code: 'OPTION_INVALID' });
  }
});
