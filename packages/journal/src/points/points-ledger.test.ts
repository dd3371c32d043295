/** Names and locks of recovery points: they hold whatever happens to clocks, files and programs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, OperationError, seededRandom, silentLogger } from '@landfall/runtime';
import fc from 'fast-check';
import { encodeDocument } from '../documents/sealed-document.ts';
import { putEpoch, rawExtent, testCommit } from '../extents.testing.ts';
import type { JournalGroup } from '../group/journal-group.ts';
import { SimulatedJournalFiles } from '../storage/simulated-journal-files.ts';
import { openTestGroupOn, placesOf } from '../test-storage.testing.ts';
import { decodePoints, encodePoints } from './points-document.ts';

const DISKS = [{ diskId: 'disk-0', sizeBytes: 10_000 }];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

class SetClock implements Clock {
  wallMs = Date.UTC(2026, 0, 1);
  upMs = 1000;

  nowMs(): number {
    return this.wallMs;
  }

  monotonicNs(): bigint {
    return BigInt(this.upMs) * 1_000_000n;
  }

  async sleep(): Promise<void> {}

  pass(durationMs: number): void {
    this.wallMs += durationMs;
    this.upMs += durationMs;
  }
}

/** Only the newest point is kept, but for names and locks. */
function open(files: SimulatedJournalFiles, clock: Clock): Promise<JournalGroup> {
  const retention = { tiers: [{ everyMs: 0, forMs: 0 }], thinEveryMs: 0 };
  const settings = { disks: DISKS, create: true, logger: silentLogger, reserveBytes: 0 };
  return openTestGroupOn(files, { ...settings, retention, clock });
}

async function writeEpochs(group: JournalGroup, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    await putEpoch(group, [rawExtent(0, 0, Buffer.alloc(50, String(left)))]);
  }
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof OperationError && error.code === code;
}

const epochsOf = (group: JournalGroup) => group.recoveryPoints().map(({ epoch }) => epoch);

test('a named point stays until it is unpinned, also in the next program', async () => {
  const files = new SimulatedJournalFiles(seededRandom(1));
  const clock = new SetClock();
  const group = await open(files, clock);
  await writeEpochs(group, 5);
  await group.pin(2, 'before the update');
  await group.pin(2, 'renamed');
  assert.equal((await group.maintain()).droppedPoints, 3);
  assert.deepEqual(epochsOf(group), [5, 2]);
  await group.close();
  const again = await open(files, clock);
  assert.deepEqual(again.pins, [{ epoch: 2, name: 'renamed' }]);
  await again.maintain();
  assert.deepEqual(epochsOf(again), [5, 2]);
  await assert.rejects(again.pin(3, 'gone'), hasCode('RECOVERY_POINT_MISSING'));
  await assert.rejects(again.pin(5, '  '), hasCode('OPTION_INVALID'));
  await again.unpin(2);
  await again.unpin(4);
  assert.equal((await again.maintain()).droppedPoints, 1, 'unpinning is reason enough to look again');
  assert.deepEqual(epochsOf(again), [5]);
  await again.close();
});

test('what is held by the time points are dropped stays, although the step was asked for before', async () => {
  const group = await open(new SimulatedJournalFiles(seededRandom(9)), new SetClock());
  await writeEpochs(group, 5);
  const held = new Set<number>();
  const step = group.maintain(() => held);
  held.add(3);
  assert.equal((await step).droppedPoints, 3);
  assert.deepEqual(epochsOf(group), [5, 3]);
  const decided = Promise.withResolvers<void>();
  const thinning = group.maintain(() => {
    decided.resolve();
    return new Set();
  });
  await group.pin(5, 'reason enough to look again');
  await decided.promise;
  await group.pointsSettled();
  assert.deepEqual(epochsOf(group), [5], 'what was decided is done');
  await thinning;
  await group.close();
});

test('neither a clock set ahead nor one set back ends a lock early, and nobody can remove the point', async () => {
  const files = new SimulatedJournalFiles(seededRandom(2));
  const clock = new SetClock();
  const group = await open(files, clock);
  await writeEpochs(group, 4);
  await group.lock(2, clock.wallMs + 10 * DAY);
  await group.lock(2, clock.wallMs + DAY);
  assert.equal(group.locks[0]?.untilMs, clock.wallMs + 10 * DAY, 'a lock is never made shorter');
  await assert.rejects(group.lock(3, clock.wallMs - 1), hasCode('OPTION_INVALID'));
  clock.wallMs += 400 * DAY;
  await group.maintain();
  assert.deepEqual(epochsOf(group), [4, 2], 'set ahead: the journal was not open for so long');
  await assert.rejects(group.discard(), hasCode('RECOVERY_POINT_LOCKED'));
  clock.wallMs -= 430 * DAY;
  clock.pass(11 * DAY);
  await group.maintain();
  assert.deepEqual(epochsOf(group), [4, 2], 'set back: its date has not come');
  await group.close();
  clock.upMs = 5;
  const again = await open(files, clock);
  clock.pass(30 * DAY);
  await writeEpochs(again, 1);
  await again.maintain();
  assert.deepEqual(epochsOf(again), [5], 'both agree');
  await again.discard();
});

test('time the journal is closed does not count for a lock, time it was open does, also after a crash', async () => {
  const files = new SimulatedJournalFiles(seededRandom(3));
  const clock = new SetClock();
  const group = await open(files, clock);
  await writeEpochs(group, 3);
  await group.lock(1, clock.wallMs + DAY);
  clock.pass(20 * HOUR);
  await group.maintain();
  files.restartAfterPowerCut();
  clock.wallMs += 100 * DAY;
  clock.upMs = 77;
  const again = await open(files, clock);
  await again.maintain();
  assert.deepEqual(epochsOf(again), [3, 1]);
  clock.pass(3 * HOUR);
  await again.close();
  const third = await open(files, clock);
  assert.equal(third.locks.length, 1);
  clock.pass(HOUR + 1000);
  await writeEpochs(third, 1);
  await third.maintain();
  assert.deepEqual(epochsOf(third), [4], 'it was open for a day in all');
  await third.close();
});

test('the points file of another journal, or none, is damage and not a list without drops', async () => {
  const files = new SimulatedJournalFiles(seededRandom(4));
  const other = new SimulatedJournalFiles(seededRandom(5));
  for (const each of [files, other]) {
    const group = await open(each, new SetClock());
    await writeEpochs(group, 3);
    await group.maintain();
    await group.close();
  }
  const foreign = Buffer.from(other.content('points'));
  await files.replace('points', foreign.toString());
  await assert.rejects(open(files, new SetClock()), hasCode('JOURNAL_DAMAGED'));
  await files.remove('points');
  await assert.rejects(open(files, new SetClock()), hasCode('JOURNAL_DAMAGED'));
});

test('a journal of version 2 becomes one of version 3, wherever the power goes: all its epochs are points', async () => {
  const files = new SimulatedJournalFiles(seededRandom(8));
  const group = await open(files, new SetClock());
  await writeEpochs(group, 4);
  await group.close();
  const { checksum: _, ...document } = JSON.parse(files.content('group.json').toString());
  await files.replace('group.json', encodeDocument({ ...document, version: 2 }));
  await files.remove('points');
  await files.syncFolder('');
  for (let cutAfter = 1, ended = false; !ended; cutAfter += 1) {
    const copy = files.copy();
    copy.cutPowerAfter(cutAfter);
    ended = await open(copy, new SetClock()).then(
      () => true,
      () => false,
    );
    copy.restartAfterPowerCut();
    const opened = await open(copy, new SetClock());
    assert.deepEqual(epochsOf(opened), [4, 3, 2, 1]);
    assert.match(copy.content('group.json').toString(), /"version": 3/);
    await opened.close();
  }
});

test('a listed point without its records is damage', async () => {
  const files = new SimulatedJournalFiles(seededRandom(6));
  const group = await open(files, new SetClock());
  await writeEpochs(group, 3);
  await group.pin(2, 'kept');
  await group.maintain();
  await group.close();
  const [at = 0] = await placesOf(files, 'disk-0/segments/0001', 'LFcm');
  files.damage('disk-0/segments/0001', (bytes) => bytes.writeUInt8(1, at + 30));
  await assert.rejects(open(files, new SetClock()), hasCode('JOURNAL_DAMAGED'));
});

test('scanned points go before cuts, and the last cut stays behind newer scanned ones', async () => {
  const files = new SimulatedJournalFiles(seededRandom(7));
  const group = await open(files, new SetClock());
  await writeEpochs(group, 2);
  for (const epoch of [3, 4]) {
    await group.commit({ ...testCommit(epoch, 0), consistency: 'SCANNED' });
  }
  await group.maintain();
  assert.deepEqual(epochsOf(group), [4, 2]);
  await group.close();
});

test('the list of points is read back as it was written, whatever else is there is refused', () => {
  const points = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(2 ** 30))).map((steps) => {
    let before = { epoch: 0, timelineMs: 0 };
    return steps.map(([epochs, ms]) => {
      before = { epoch: before.epoch + epochs, timelineMs: before.timelineMs + ms };
      return before;
    });
  });
  fc.assert(
    fc.property(points, (list) => {
      assert.deepEqual(decodePoints(encodePoints(list)), list);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const list = decodePoints(Buffer.from(bytes).toString('base64'));
      for (const [index, point] of (list ?? []).entries()) {
        assert.ok(Number.isSafeInteger(point.epoch) && point.epoch > (list?.[index - 1]?.epoch ?? 0));
      }
    }),
  );
});
