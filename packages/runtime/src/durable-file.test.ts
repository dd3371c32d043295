import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { readIfExists, writeDurably } from './durable-file.ts';

test('a durable file replaces the old one whole, private, and leaves no temporary file', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-durable-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'state.json');
  assert.equal(await readIfExists(path), undefined);
  await writeDurably(path, 'old');
  await writeDurably(path, 'new');
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ['state.json']);
});
