import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Landfall } from '@landfall/api';
import { ApiError } from '@landfall/api';
import { MIB, systemClock } from '@landfall/runtime';
import { type FetchOptions, fetchFiles } from './fetch-files.ts';
import { FileTarget } from './file-target.ts';
import { untilOpen } from './until-open.ts';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fetch-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function* chunksOf(parts: readonly Buffer[], failure?: Error): AsyncGenerator<Buffer> {
  yield* parts;
  if (failure !== undefined) throw failure;
}

function answerOf(
  content: AsyncIterable<Uint8Array>,
  contentLength?: number,
): Landfall.GetRecoveryPointFileResponse {
  return {
    ...{ epoch: 7, cutDateTime: '2026-01-31T12:00:00Z', kind: 'FILE', mode: 0o4750, uid: 0, gid: 0 },
    ...{ modifiedDateTime: '2020-02-03T04:05:06.000Z', contentLength, content },
  };
}

function optionsOf(path: string, more: Partial<FetchOptions> & { replaces?: boolean } = {}): FetchOptions {
  const target = new FileTarget(path, more.replaces === true);
  const signal = new AbortController().signal;
  return { target, asArchive: false, isRoot: false, onBytes: () => undefined, signal, ...more };
}

test('a file is whole, with its time and mode, and holes where there were zeroes', async (t) => {
  const path = join(await folderFor(t), 'a file');
  const parts = [Buffer.from('begin'), Buffer.alloc(8 * MIB), Buffer.from('end'), Buffer.alloc(MIB)];
  const whole = Buffer.concat(parts);
  const fetched = await fetchFiles(answerOf(chunksOf(parts), whole.length), optionsOf(path));
  assert.deepEqual(fetched, { bytes: whole.length, devicesLeftOut: 0 });
  assert.ok((await readFile(path)).equals(whole));
  const { mode, mtimeMs, blocks } = await stat(path);
  assert.equal(mode & 0o7777, 0o750, 'setuid is for root to give');
  assert.equal(mtimeMs, Date.parse('2020-02-03T04:05:06Z'));
  assert.ok(blocks * 512 < MIB, `${blocks} blocks`);
});

test('what is there is not overwritten, unless asked for', async (t) => {
  const folder = await folderFor(t);
  const path = join(folder, 'a');
  await writeFile(path, 'old');
  const fetching = () => answerOf(chunksOf([Buffer.from('new')]), 3);
  await assert.rejects(fetchFiles(fetching(), optionsOf(path)), { code: 'FILES_TARGET_EXISTS' });
  assert.equal(await readFile(path, 'utf8'), 'old');
  await fetchFiles(fetching(), optionsOf(path, { replaces: true }));
  assert.equal(await readFile(path, 'utf8'), 'new');
  assert.deepEqual(await readdir(folder), ['a']);
});

test('what breaks off leaves nothing, and what was there', async (t) => {
  const folder = await folderFor(t);
  const path = join(folder, 'a');
  await writeFile(path, 'old');
  const part = [Buffer.from('half of it')];
  const stop = new AbortController();
  const interrupted = new ApiError('Interrupted', 0, 'it was interrupted');
  const broken = [
    answerOf(chunksOf(part), 100),
    answerOf(chunksOf(part, new Error('aborted')), 100),
    { ...answerOf(chunksOf(part)), kind: 'FOLDER' as const },
  ];
  for (const answer of broken)
    await assert.rejects(fetchFiles(answer, optionsOf(path, { replaces: true })), {
      code: 'FILES_TRANSFER_BROKEN',
    });
  stop.abort(interrupted);
  const aborted = fetchFiles(
    answerOf(chunksOf(part)),
    optionsOf(path, { replaces: true, signal: stop.signal }),
  );
  await assert.rejects(aborted, interrupted);
  assert.deepEqual(await readdir(folder), ['a']);
  assert.equal(await readFile(path, 'utf8'), 'old');
});

test('a place that cannot be written is told', async (t) => {
  const path = join(await folderFor(t), 'none', 'a');
  await assert.rejects(fetchFiles(answerOf(chunksOf([])), optionsOf(path)), {
    code: 'FILES_TARGET_UNUSABLE',
  });
});

function refusal(code: string): ApiError {
  return ApiError.conflict(code, { errors: [{ code }] });
}

test('a point that is being opened, or busy, is asked for again, any other refusal is not', async () => {
  const refusals = ['FILES_OPENING', 'FILES_BUSY', 'FILES_OPENING'];
  const waited: string[] = [];
  const ask = async () => {
    const code = refusals.shift();
    if (code !== undefined) throw refusal(code);
    return 'open';
  };
  const clock = { ...systemClock, sleep: async () => undefined };
  const onWait = (reason: string) => void waited.push(reason);
  assert.equal(await untilOpen(ask, { clock, onWait }), 'open');
  assert.deepEqual(waited, ['FILES_OPENING', 'FILES_BUSY', 'FILES_OPENING']);
  const refused = untilOpen(() => Promise.reject(refusal('FILES_PATH_MISSING')), { clock, onWait });
  await assert.rejects(refused, { message: 'FILES_PATH_MISSING' });
});

test('a point that stays busy is not waited for for ever, and the last refusal is told', async () => {
  let nowMs = 0;
  const sleep = async (durationMs: number) => {
    nowMs += durationMs;
  };
  const clock = { ...systemClock, nowMs: () => nowMs, sleep };
  const ask = () => Promise.reject(refusal(nowMs < 1000 ? 'FILES_OPENING' : 'FILES_BUSY'));
  await assert.rejects(untilOpen(ask, { clock, onWait: () => undefined }), { message: 'FILES_BUSY' });
  assert.equal(nowMs, 5 * 60_000);
});
