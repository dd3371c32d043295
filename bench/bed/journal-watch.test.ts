import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { putEpoch, rawExtent, testCommit } from '../../packages/journal/src/extents.testing.ts';
import { openJournalGroup } from '../../packages/journal/src/index.ts';
import { createLogger, systemClock } from '../../packages/runtime/src/index.ts';
import { JournalWatch } from './journal-watch.ts';

const LAST_EPOCH = 40;
const PAYLOAD = Buffer.alloc(3000, 'x');
const logger = createLogger({ program: 'test', level: 'error' });

test('every epoch is seen once, in order, through sealed segments, and not before it was committed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'journal-watch-'));
  const disks = [{ diskId: 'disk-0', sizeBytes: 1024 * 1024 }];
  // A few epochs a segment.
  const group = await openJournalGroup({ folder, disks, logger, create: true, segmentBytes: 10_000 });
  const watch = new JournalWatch(folder);
  try {
    await group.commit(testCommit(1, 0));
    const watching = watch.run();
    const begunNs: bigint[] = [];
    for (let epoch = 2; epoch <= LAST_EPOCH; epoch += 1) {
      begunNs.push(systemClock.monotonicNs());
      await putEpoch(group, [rawExtent(0, epoch * 4096, PAYLOAD)]);
    }
    while (watch.cuts.length < LAST_EPOCH - 1) await systemClock.sleep(5);
    watch.stop();
    await watching;
    const epochs = Array.from({ length: LAST_EPOCH - 1 }, (_none, index) => index + 2);
    assert.deepEqual(
      watch.cuts.map(({ epoch, cutMonotonicNs }) => ({ epoch, cutMonotonicNs })),
      epochs.map((epoch) => ({ epoch, cutMonotonicNs: testCommit(epoch, 1).cutMonotonicNs })),
    );
    for (const [index, cut] of watch.cuts.entries()) assert.ok(cut.durableNs > (begunNs[index] ?? 0n));
  } finally {
    watch.stop();
    await group.close();
    await rm(folder, { recursive: true, force: true });
  }
});
