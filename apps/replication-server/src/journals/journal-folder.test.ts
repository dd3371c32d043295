/** The program itself, as `landfall journal … --folder` starts it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createKeyFile, wrappingKeysOf } from '@landfall/journal';
import { type RunResult, run } from '@landfall/runtime';
import {
  damageFirstSegment,
  journalFolder,
  openSmallJournal,
  writeEpochs,
} from '../testing/file-small-journal.ts';
import type { FolderLine } from './journal-folder.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
const TIERS = [{ everyMs: 0, forMs: 5000 }];

function journal(...parameters: readonly string[]): Promise<RunResult> {
  const argv = ['--disable-warning=ExperimentalWarning', MAIN, 'journal', ...parameters];
  return run([process.execPath, ...argv], { timeoutMs: 60_000 });
}

async function lastLine(...parameters: readonly string[]): Promise<FolderLine | undefined> {
  const { exitCode, stdout, stderr } = await journal(...parameters);
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

async function written(t: TestContext, more: Parameters<typeof openSmallJournal>[1] = {}): Promise<string> {
  const folder = await journalFolder(t);
  const group = await openSmallJournal(folder, more);
  await writeEpochs(group, 40);
  for (let hasMore = true; hasMore; ) ({ hasMore } = await group.maintain());
  await group.close();
  return folder;
}

test('stat, verify and compact work on a folder; nothing is dropped there', async (t) => {
  const folder = await written(t);
  const stat = await lastLine('stat', '--folder', folder);
  assert.ok(stat?.kind === 'SPACE');
  const { space } = stat;
  assert.deepEqual([space.tiers.length, space.historyMs], [4, 39_000]);
  const verified = await lastLine('verify', '--folder', folder);
  assert.ok(verified?.kind === 'TASK' && verified.task.damageCount === 0);
  assert.equal(verified.task.bytesDone, verified.task.bytesTotal);
  const compacted = await lastLine('compact', '--folder', folder);
  assert.ok(compacted?.kind === 'TASK' && compacted.task.state === 'COMPLETE');
  const after = await lastLine('stat', '--folder', folder);
  assert.ok(after?.kind === 'SPACE');
  const points = after.space.tiers.reduce((sum, tier) => sum + tier.points, 0);
  assert.equal(points, 40, 'default tiers keep everything of the last hour');
});

test('compact in a folder frees what no point sees, and keeps points that no tier would', async (t) => {
  const folder = await journalFolder(t);
  const group = await openSmallJournal(folder, { retention: { tiers: TIERS } });
  await writeEpochs(group, 40);
  // Dropped, but not compacted yet.
  assert.equal((await group.maintain()).did, 'DROPPED_POINTS');
  const points = group.recoveryPointCount;
  await group.close();
  const compacted = await lastLine('compact', '--folder', folder);
  assert.ok(compacted?.kind === 'TASK');
  const { bytesBefore, bytesNow } = compacted.task;
  assert.ok(bytesNow < bytesBefore / 2, `${bytesBefore} to ${bytesNow} bytes`);
  const after = await openSmallJournal(folder, { retention: { tiers: TIERS } });
  assert.equal(after.recoveryPointCount, points);
});

test('damage is named and is no failure; what cannot be opened has its own exit code', async (t) => {
  const folder = await written(t);
  const path = await damageFirstSegment(folder);
  const verified = await lastLine('verify', '--folder', folder);
  assert.ok(verified?.kind === 'TASK');
  assert.deepEqual(
    verified.task.damages.map((damage) => damage.path),
    [path],
  );
  await run(['sh', '-c', `printf x >> ${join(folder, 'group.json')}`]);
  const refused = await journal('verify', '--folder', folder);
  assert.equal(refused.exitCode, 4);
  assert.match(refused.stderr, /JOURNAL_DAMAGED.*group\.json/s);
});

test('a journal that is open says which process has it, and that it must end first', async (t) => {
  const folder = await journalFolder(t);
  await openSmallJournal(folder);
  const { exitCode, stderr } = await journal('compact', '--folder', folder);
  assert.equal(exitCode, 1);
  assert.match(stderr, new RegExp(`JOURNAL_IN_USE.*process ${process.pid}.*end that process first`, 's'));
});

test('an encrypted journal opens with the key of the server, and says what is missing without', async (t) => {
  const folder = await journalFolder(t);
  const keyFile = join(folder, '..', 'encryption.key');
  await createKeyFile(keyFile);
  const wrapping = wrappingKeysOf([{ kind: 'file', name: keyFile }], {});
  const group = await openSmallJournal(folder, { encryption: { wrapping } });
  await writeEpochs(group, 5);
  await group.close();
  const { stderr } = await journal('verify', '--folder', folder);
  assert.match(stderr, /ENCRYPTION_KEY_MISSING/);
  for (const key of [
    ['--state-dir', join(folder, '..')],
    ['--encryption-key', `file:${keyFile}`],
  ]) {
    const verified = await lastLine('verify', '--folder', folder, ...key);
    assert.ok(verified?.kind === 'TASK' && verified.task.damageCount === 0);
  }
});

test('what cannot be meant is refused with the way to the usage', async () => {
  for (const parameters of [[], ['erase', '--folder', '/nowhere'], ['stat']]) {
    const { exitCode, stderr } = await journal(...parameters);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /OPTION_INVALID.*--help/s);
  }
  assert.match((await journal('--help')).stdout, /journal stat\|verify\|compact/);
});
