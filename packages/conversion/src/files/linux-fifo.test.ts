import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createFifo } from './linux-fifo.ts';

async function fifoIn(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'fifo-'));
  context.after(() => rm(folder, { recursive: true }));
  return createFifo(join(folder, 'fifo'));
}

test('what is written into it comes out, and ends', async (context) => {
  const { path, stream } = await fifoIn(context);
  const [chunks] = await Promise.all([stream.toArray(), writeFile(path, 'content')]);
  assert.equal(Buffer.concat(chunks).toString(), 'content');
});

test('one that is broken before anybody reads it harms nobody', async (context) => {
  const { stream } = await fifoIn(context);
  stream.destroy(new Error('nothing will come'));
  // An error without a listener would end this process.
  await new Promise((resolve) => stream.once('close', resolve));
  await assert.rejects(stream.toArray());
});
