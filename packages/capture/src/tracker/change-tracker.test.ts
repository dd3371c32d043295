import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockEvent } from '../tracing/block-event.ts';
import { ChangeTracker } from './change-tracker.ts';
import { BLOCK_BYTES, BLOCK_SECTORS } from './read-ticket.ts';

const CONTENT = Buffer.alloc(BLOCK_BYTES, 7);

function settledTracker(windowBlocks = 100, blockCount = 1000): ChangeTracker {
  const tracker = new ChangeTracker({
    sizesBytes: [blockCount * BLOCK_BYTES],
    windowBytes: windowBlocks * BLOCK_BYTES,
  });
  tracker.settle(0);
  return tracker;
}

function change(kind: BlockEvent['kind'], block: number, timeNs: number, blockCount = 1): BlockEvent {
  const range = { sector: block * BLOCK_SECTORS, sectorCount: blockCount * BLOCK_SECTORS };
  return { kind, operation: 'write', diskIndex: 0, ...range, timeNs };
}

/** Reads everything wanted in [startNs, endNs]; the watermark passes the end. */
function readWanted(tracker: ChangeTracker, startNs: number, endNs: number): number {
  const tickets = tracker.wantedReads();
  for (const ticket of tickets) tracker.readStarted(ticket, startNs);
  for (const ticket of tickets)
    tracker.readFinished(
      ticket,
      endNs,
      ticket.records.map(() => CONTENT),
    );
  tracker.advance(endNs + 1);
  return tickets.length;
}

test('a write is in the first cut after it was read, and the block is clean then', () => {
  const tracker = settledTracker();
  tracker.advance(10);
  assert.equal(tracker.enterFine(), 'fine');
  tracker.add([change('issue', 3, 20), change('complete', 3, 30)]);
  tracker.advance(40);
  assert.equal(tracker.cutNs(), 29, 'unread, only instants before the completion are possible');
  assert.equal(readWanted(tracker, 50, 60), 1);
  assert.equal(tracker.cutNs(), 61);
  assert.deepEqual(tracker.takeCut(61), [{ diskIndex: 0, block: 3, content: CONTENT }]);
  assert.equal(tracker.dirtyBytes(0), 0);
});

test('a read that a write overlaps is thrown away and repeated', () => {
  const tracker = settledTracker();
  tracker.advance(10);
  tracker.enterFine();
  tracker.add([change('issue', 3, 20), change('complete', 3, 30)]);
  tracker.advance(40);
  const [ticket] = tracker.wantedReads();
  assert.ok(ticket !== undefined);
  tracker.readStarted(ticket, 50);
  tracker.add([change('issue', 3, 55)]);
  tracker.readFinished(ticket, 60, [CONTENT]);
  tracker.advance(70);
  assert.deepEqual(tracker.readCounts, { kept: 0, rejected: 1 });
  assert.equal(tracker.wantedReads().length, 0, 'not while the write is in flight');
  tracker.add([change('complete', 3, 75)]);
  tracker.advance(80);
  assert.equal(tracker.wantedReads().length, 1);
});

test('a write in flight at the cut may be out of it, and stays dirty', () => {
  const tracker = settledTracker();
  tracker.advance(10);
  tracker.enterFine();
  tracker.add([change('issue', 3, 20)]);
  tracker.advance(40);
  assert.equal(tracker.cutNs(), 40);
  assert.deepEqual(tracker.takeCut(40), []);
  assert.equal(tracker.dirtyBytes(0), BLOCK_BYTES);
});

test('blocks in flight stay dirty when bulk takes them', () => {
  const tracker = settledTracker();
  tracker.advance(10);
  tracker.add([change('issue', 3, 20)]);
  tracker.advance(40);
  assert.deepEqual(tracker.takeDirty(1 << 20), [{ diskIndex: 0, firstBlock: 3, blockCount: 1 }]);
  tracker.bulkFinished(50);
  assert.equal(tracker.dirtyBytes(0), BLOCK_BYTES);
});

test('bulk goes by offset in extents that stay within 1 MiB', () => {
  const tracker = settledTracker(1, 1000);
  tracker.markDirty(0, 250 * BLOCK_BYTES, 300 * BLOCK_BYTES);
  const runs = [...tracker.takeDirty(290 * BLOCK_BYTES), ...tracker.takeDirty(1 << 30)];
  assert.deepEqual(
    runs.map(({ firstBlock, blockCount }) => [firstBlock, blockCount]),
    [
      [250, 6],
      [256, 256],
      [512, 28],
      [540, 10],
    ],
  );
});

test('more than the window is folded into the map, and fine again when it fits', () => {
  const tracker = settledTracker(4, 100_000);
  tracker.advance(10);
  assert.equal(tracker.enterFine(), 'fine');
  tracker.add([change('issue', 0, 20, 50_000), change('complete', 0, 30, 50_000)]);
  tracker.advance(40);
  assert.equal(tracker.isFine, false);
  assert.equal(tracker.enterFine(), 'too-much');
  tracker.takeDirty(Infinity);
  assert.equal(tracker.enterFine(), 'not-yet');
  tracker.bulkFinished(50);
  assert.equal(tracker.enterFine(), 'not-yet', 'T1: the watermark is behind the bulk read');
  tracker.advance(51);
  assert.equal(tracker.enterFine(), 'fine');
});

test('discards hold up no cut, and their blocks are read when they are admitted', () => {
  const tracker = settledTracker(4, 100_000);
  tracker.advance(10);
  tracker.enterFine();
  for (let time = 20; time < 200; time += 10) {
    tracker.add([{ ...change('issue', 0, time, 90_000), operation: 'discard' }]);
    tracker.advance(time + 5);
    assert.equal(tracker.cutNs(), time + 5);
    assert.deepEqual(tracker.takeCut(time + 5), []);
  }
  assert.equal(tracker.dirtyBytes(0), 90_000 * BLOCK_BYTES);
  tracker.admitDiscarded();
  readWanted(tracker, 300, 310);
  const cut = tracker.cutNs();
  assert.equal(cut, 311);
  assert.equal(tracker.takeCut(311).length, 2048);
  assert.equal(tracker.dirtyBytes(0), (90_000 - 2048) * BLOCK_BYTES);
});

test('without a settled start there is no cut', () => {
  const tracker = new ChangeTracker({ sizesBytes: [BLOCK_BYTES, BLOCK_BYTES], windowBytes: BLOCK_BYTES });
  tracker.advance(10);
  tracker.enterFine();
  assert.equal(tracker.cutNs(), undefined);
  for (const diskIndex of [0, 1]) tracker.seenIdle({ diskIndex, atNs: 20, issuedBeforeNs: 0 });
  tracker.advance(21);
  assert.equal(tracker.enterFine(), 'fine');
  assert.equal(tracker.cutNs(), 21);
});
