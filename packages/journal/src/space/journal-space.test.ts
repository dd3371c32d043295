import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalSpace } from '@landfall/model';
import { type Random, seededRandom, systemRandom } from '@landfall/runtime';
import {
  maintainFully,
  openToMaintain,
  TIERS,
  writeJournal,
} from '../compaction/compacted-journal.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import type { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { CONTENT_AT, isEncryptedRun } from '../test-storage.testing.ts';
import { pointsOfParts, sumOfParts } from './space-sum.testing.ts';

const HISTORIES = 25;
const SEED_FROM = systemRandom.integer(1_000_000_000);
/** Header of the segment, header of its index, footer. */
const SEGMENT_FRAME_BYTES = 64 + 56 + 48;
const ENVELOPE_BYTES = isEncryptedRun ? CONTENT_AT + 16 : 0;

/** What `otherBytes` may be when nothing is being rewritten. */
function slackOf(files: SimulatedJournalFiles): number {
  const isDocument = (path: string) =>
    /^(group\.json|points|keys(-copy)?\.json|disk-\d+\/manifest)$/.test(path);
  const documents = files.paths().filter(isDocument);
  const segments = files.paths().filter((path) => path.includes('/segments/'));
  const documentBytes = documents.reduce((sum, path) => sum + files.content(path).length, 0);
  return documentBytes + segments.length * (SEGMENT_FRAME_BYTES + ENVELOPE_BYTES);
}

async function checkSpace(group: JournalGroup, files: SimulatedJournalFiles): Promise<JournalSpace> {
  const space = await group.space({ nowMs: 5, sliceRecords: 64 });
  assert.equal(space.totalBytes, await files.allocatedBytes(), 'J5: accounted is allocated');
  assert.equal(sumOfParts(space), space.totalBytes, 'J5: nothing is in two places, and nothing in none');
  assert.equal(pointsOfParts(space), group.recoveryPointCount);
  return space;
}

async function markSome(group: JournalGroup, random: Random): Promise<void> {
  for (let count = random.integer(4); count > 0; count -= 1)
    await group.pin(1 + random.integer(20), `name ${count}`);
  if (random.integer(3) === 0) await group.lock(1 + random.integer(20), 4_000_000_000_000);
}

test(`J5: accounted is allocated, ${HISTORIES} histories from seed ${SEED_FROM}`, async (t) => {
  const seen = { held: 0, reclaimable: 0, marked: 0, tiers: 0 };
  for (let seed = SEED_FROM; seed < SEED_FROM + HISTORIES; seed += 1) {
    const random = seededRandom(seed);
    const { files } = await writeJournal(seed, 20 + random.integer(60));
    const group = await openToMaintain(files);
    await markSome(group, random);
    const view = await group.openView(1 + random.integer(20));
    let rewriting = false;
    for (let hasMore = true; hasMore; ) {
      const step = await group.maintain();
      hasMore = step.hasMore;
      rewriting = step.did === 'COPIED' || (rewriting && step.did === 'EXAMINED');
      const space = await checkSpace(group, files);
      if (!rewriting && step.did !== 'ADVANCED')
        assert.ok(space.otherBytes <= slackOf(files), `seed ${seed}`);
      seen.held = Math.max(seen.held, space.heldBytes);
      seen.reclaimable += space.reclaimableBytes;
      seen.marked += space.marked.bytes;
      seen.tiers += space.tiers.reduce((sum, { bytes }) => sum + bytes, 0);
    }
    await view.close();
    await maintainFully(group);
    assert.equal((await checkSpace(group, files)).heldBytes, 0);
    await group.close();
  }
  t.diagnostic(JSON.stringify(seen));
  assert.ok(
    Object.values(seen).every((bytes) => bytes > 0),
    'what is told apart happened',
  );
});

test('what a tier costs is what becomes reclaimable when it is kept no longer', async () => {
  let costs = 0;
  for (const seed of [1, 2, 3]) {
    for (const tier of TIERS.keys()) {
      const { files } = await writeJournal(seed);
      const before = await openToMaintain(files);
      await before.pin(3, 'named');
      await maintainFully(before);
      const told = await checkSpace(before, files);
      await before.close();
      const after = await openToMaintain(files, { tiers: TIERS.toSpliced(tier, 1) });
      assert.equal((await after.maintain()).did, 'DROPPED_POINTS');
      const { reclaimableBytes } = await checkSpace(after, files);
      const cost = told.tiers[tier]?.costBytes ?? 0;
      assert.equal(reclaimableBytes - told.reclaimableBytes, cost, `seed ${seed}, tier ${tier}`);
      await after.close();
      costs += cost;
    }
  }
  assert.ok(costs > 0, 'tiers cost something');
});

test('an epoch that is not complete, and a first copy, are accounted for as well', async () => {
  const { files } = await writeJournal(7);
  const group = await openToMaintain(files);
  const before = await checkSpace(group, files);
  await group.putZeroes(0, 0, 100);
  const during = await checkSpace(group, files);
  assert.equal(before.openBytes, 0);
  assert.equal(during.openBytes, 56);
  await group.abandon();
  assert.equal((await checkSpace(group, files)).openBytes, 0);
  await group.close();
});

test('what is replaced while records are counted goes at once, and is counted all the same', async () => {
  const { files } = await writeJournal(11, 80);
  const group = await openToMaintain(files);
  const allocatedBytes = await files.allocatedBytes();
  let keptBytes = -1;
  const pause = async () => {
    if (keptBytes >= 0) return;
    await maintainFully(group);
    keptBytes = (await group.space({ nowMs: 6 })).heldBytes;
  };
  const space = await group.space({ nowMs: 5, sliceRecords: 64, pause });
  assert.ok((await files.allocatedBytes()) < allocatedBytes, 'something was replaced');
  assert.equal(keptBytes, 0, 'nobody reads the files any more');
  assert.equal(sumOfParts(space), allocatedBytes, 'J5: of the moment it was asked for');
  await group.close();
});
