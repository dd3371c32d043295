import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openJournalGroup } from '@landfall/journal';
import { silentLogger } from '@landfall/runtime';
import { markedPoints, withMark, withMarks } from './point-marks.ts';

const EPOCHS = 4;

test('names and locks are told with their points, also those beyond a list', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-marks-'));
  const disks = [{ diskId: 'disk-0', sizeBytes: 1024 * 1024 }];
  const group = await openJournalGroup({
    folder,
    disks,
    logger: silentLogger,
    create: true,
    reserveBytes: 0,
  });
  t.after(async () => {
    await group.close();
    await rm(folder, { recursive: true });
  });
  for (let epoch = 1; epoch <= EPOCHS; epoch += 1) {
    await group.putZeroes(0, 0, 4096);
    const cut = { epoch, cutTimeMs: epoch * 1000, cutMonotonicNs: BigInt(epoch), extentCount: 1 };
    await group.commit({ ...cut, consistency: 'CRASH_CONSISTENT' });
  }
  await group.pin(1, 'before upgrade');
  const untilMs = Date.UTC(2099, 0, 31);
  await group.lock(3, untilMs);
  const named = { epoch: 1, cutTimeMs: 1000, consistency: 'CRASH_CONSISTENT', name: 'before upgrade' };
  const locked = { epoch: 3, cutTimeMs: 3000, consistency: 'CRASH_CONSISTENT', lockedUntilMs: untilMs };
  assert.deepEqual(markedPoints(group, {}), [locked, named]);
  assert.deepEqual(markedPoints(group, { toMs: 2000 }), [named]);
  assert.deepEqual(markedPoints(group, { limit: 1 }), [locked]);
  const newest = withMarks(group, group.recoveryPoints({ limit: 2 }));
  assert.deepEqual(newest, [{ epoch: 4, cutTimeMs: 4000, consistency: 'CRASH_CONSISTENT' }, locked]);
  await group.unpin(1);
  const [oldest] = group.recoveryPoints({ toMs: 1000 });
  assert.ok(oldest !== undefined);
  assert.deepEqual(withMark(group, oldest), { epoch: 1, cutTimeMs: 1000, consistency: 'CRASH_CONSISTENT' });
});
