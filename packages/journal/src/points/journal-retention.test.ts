/** Tiers that change while the journal is open. Cuts are one second apart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError, seededRandom, silentLogger } from '@landfall/runtime';
import { putEpoch, rawExtent } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn } from '../test-storage.testing.ts';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1000;

async function writtenGroup(epochs: number): Promise<JournalGroup> {
  const group = await openTestGroupOn(new SimulatedJournalFiles(seededRandom(1)), {
    ...{ disks: [{ diskId: 'disk-0', sizeBytes: 10_000 }], create: true, logger: silentLogger },
    ...{ reserveBytes: 0, retention: { tiers: [{ everyMs: 0, forMs: HOUR_MS }], thinEveryMs: HOUR_MS } },
  });
  for (let epoch = 1; epoch <= epochs; epoch += 1)
    await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(50, String(epoch)))]);
  await maintain(group);
  return group;
}

async function maintain(group: JournalGroup, held: readonly number[] = []): Promise<number> {
  let dropped = 0;
  for (let hasMore = true; hasMore; ) {
    const step = await group.maintain(() => new Set(held));
    ({ hasMore } = step);
    dropped += step.droppedPoints;
  }
  return dropped;
}

const epochsOf = (group: JournalGroup) => group.recoveryPoints().map(({ epoch }) => epoch);

test('shorter tiers hold from the next step on, however long ago the last thinning was', async () => {
  const group = await writtenGroup(10);
  assert.equal(epochsOf(group).length, 10);
  group.retention.keepBy([{ everyMs: 0, forMs: 3 * SECOND_MS }]);
  await maintain(group);
  assert.deepEqual(epochsOf(group), [10, 9, 8]);
  group.retention.keepBy([{ everyMs: 0, forMs: HOUR_MS }]);
  assert.equal(await maintain(group), 0);
  await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(50, 'x'))]);
  assert.deepEqual(epochsOf(group), [11, 10, 9, 8], 'what is gone is gone, what comes is kept');
  await group.close();
});

test('a preview names exactly what the change drops then: not what is named, read or held', async () => {
  const group = await writtenGroup(10);
  const tiers = [{ everyMs: 0, forMs: 3 * SECOND_MS }];
  await group.pin(2, 'kept');
  const view = await group.openView(4);
  const held = [6];
  const { points, droppedPoints, ...ends } = group.retention.preview(tiers, () => new Set(held));
  assert.deepEqual([points, ends.oldest?.epoch, ends.oldestKept?.epoch], [10, 1, 2]);
  assert.deepEqual(
    droppedPoints.map(({ epoch }) => epoch),
    [1, 3, 5, 7],
  );
  assert.equal(epochsOf(group).length, 10, 'nothing has happened yet');
  group.retention.keepBy(tiers);
  assert.equal(await maintain(group, held), 4);
  assert.deepEqual(epochsOf(group), [10, 9, 8, 6, 4, 2]);
  await view.close();
  await group.close();
});

test('what goes anyway is not counted as dropped by a change', async () => {
  const group = await writtenGroup(10);
  group.retention.keepBy([{ everyMs: 0, forMs: 5 * SECOND_MS }]);
  const { points, droppedPoints } = group.retention.preview([{ everyMs: 0, forMs: 3 * SECOND_MS }]);
  assert.deepEqual([points, droppedPoints.map(({ epoch }) => epoch)], [5, [6, 7]]);
  assert.deepEqual(group.retention.preview([{ everyMs: 0, forMs: HOUR_MS }]).droppedPoints, []);
  await group.close();
});

test('tiers that do not follow each other change nothing', async () => {
  const group = await writtenGroup(3);
  const { tiers } = group.retention;
  const isRefused = (error: unknown) => error instanceof OperationError && error.code === 'OPTION_INVALID';
  assert.throws(() => group.retention.keepBy([]), isRefused);
  assert.throws(() => group.retention.preview([]), isRefused);
  assert.equal(group.retention.tiers, tiers);
  await group.close();
});
