/** What counts as quiet (W1–W3), event by event. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import type { BlockEvent } from '../tracing/block-event.ts';
import { ChangeTracker } from './change-tracker.ts';
import { EngineChunkWatch } from './chunk-watch.ts';

const MIB = 1024 * 1024;
const CHUNK_SECTORS = MIB / 512;

class Story {
  readonly tracker = new ChangeTracker({ sizesBytes: [4 * MIB + 4096], windowBytes: 8 * MIB });
  readonly watch: EngineChunkWatch;
  #nowNs = 1000;

  constructor(isSettled = true) {
    const reader = {
      readsInFlightMax: 1,
      read: () => Promise.reject(new Error('nothing is read here')),
      close: async () => undefined,
    };
    const parts = {
      tracker: this.tracker,
      reader,
      clock: new VirtualClock(),
      baseNs: 0n,
      pump: () => undefined,
    };
    this.watch = new EngineChunkWatch(parts, [4 * MIB + 4096]);
    if (isSettled) this.tracker.seenIdle({ diskIndex: 0, atNs: 1, issuedBeforeNs: 0 });
    this.pass();
  }

  event(kind: BlockEvent['kind'], sector: number, operation: BlockEvent['operation'] = 'write'): void {
    this.#nowNs += 10;
    this.tracker.add([{ timeNs: this.#nowNs, kind, operation, diskIndex: 0, sector, sectorCount: 8 }]);
  }

  pass(): void {
    this.#nowNs += 10;
    this.tracker.advance(this.#nowNs);
  }

  /** What the tracker wants to be read is read, with nothing beside it. */
  readWanted(): void {
    for (const ticket of this.tracker.wantedReads()) {
      this.#nowNs += 10;
      this.tracker.readStarted(ticket, this.#nowNs);
      this.#nowNs += 10;
      this.tracker.readFinished(
        ticket,
        this.#nowNs,
        ticket.records.map(() => Buffer.alloc(4096)),
      );
    }
    this.pass();
  }

  quiet(): boolean[] {
    return [0, 1, 2, 3, 4].map((chunk) => this.watch.wasQuiet(0, chunk));
  }
}

test('nothing is quiet before it was begun', () => {
  assert.deepEqual(new Story().quiet(), [false, false, false, false, false]);
});

test('a write touches its chunk, be it only issued, only completed, or a requeue', () => {
  for (const kinds of [['issue'], ['issue', 'complete'], ['issue', 'requeue']] as const) {
    const story = new Story();
    story.watch.begin(0, 0, 5);
    for (const kind of kinds) story.event(kind, 2 * CHUNK_SECTORS + 40);
    story.pass();
    assert.deepEqual(story.quiet(), [true, true, false, true, true]);
  }
});

test('a write across a border touches both sides, and one at the end the short last chunk', () => {
  const story = new Story();
  story.watch.begin(0, 0, 5);
  story.event('issue', CHUNK_SECTORS - 4);
  story.event('issue', 4 * CHUNK_SECTORS);
  story.pass();
  assert.deepEqual(story.quiet(), [false, false, true, true, false]);
  assert.equal(story.watch.touchedCount(0), 3);
});

test('a write in flight since before the beginning touches as long as it is in flight, and when it ends', () => {
  const story = new Story();
  story.event('issue', CHUNK_SECTORS);
  story.pass();
  story.watch.begin(0, 0, 5);
  assert.deepEqual(story.quiet(), [true, false, true, true, true]);
  story.event('complete', CHUNK_SECTORS);
  story.pass();
  assert.deepEqual(story.quiet(), [true, false, true, true, true]);
  story.watch.begin(0, 1, 1);
  assert.deepEqual(story.quiet(), [true, true, true, true, true]);
});

test('a discard touches, and its chunk cannot be begun until its blocks were read again', () => {
  const story = new Story();
  story.watch.begin(0, 0, 5);
  story.event('issue', 3 * CHUNK_SECTORS, 'discard');
  story.pass();
  assert.deepEqual(story.quiet(), [true, true, true, false, true]);
  story.watch.begin(0, 3, 1);
  assert.equal(story.watch.wasQuiet(0, 3), false);
});

test('a discard in flight touches as long as it is in flight, though its blocks were read again meanwhile', () => {
  const story = new Story();
  story.event('issue', CHUNK_SECTORS, 'discard');
  story.pass();
  story.tracker.changesOf(0).forget({ firstBlock: 0, blockCount: 2 * (MIB / 4096) });
  story.watch.begin(0, 0, 5);
  assert.deepEqual(story.quiet(), [true, false, true, true, true]);
  assert.deepEqual(
    [0, 1].map((chunk) => story.watch.isWaiting(0, chunk)),
    [false, true],
  );
  story.tracker.seenIdle({ diskIndex: 0, atNs: 2000, issuedBeforeNs: 1900 });
  story.tracker.advance(2001);
  assert.deepEqual(story.quiet(), [true, true, true, true, true]);
});

test('a chunk is not quiet when a cut may still take what was read of it before a discard ended', () => {
  const story = new Story();
  const { tracker, watch } = story;
  assert.equal(tracker.enterFine(), 'fine');
  story.event('issue', CHUNK_SECTORS, 'discard');
  story.pass();
  tracker.admitDiscarded();
  story.readWanted();
  story.event('complete', CHUNK_SECTORS, 'discard');
  story.pass();
  watch.begin(0, 0, 5);
  assert.deepEqual(story.quiet(), [true, false, true, true, true]);
  assert.equal(tracker.takeCut(tracker.cutNs() ?? 0).length, 1);
  watch.begin(0, 1, 1);
  assert.equal(watch.wasQuiet(0, 1), false, 'the replica has what was read before');
  tracker.admitDiscarded();
  story.readWanted();
  assert.equal(tracker.takeCut(tracker.cutNs() ?? 0).length, 1);
  watch.begin(0, 1, 1);
  assert.equal(watch.wasQuiet(0, 1), true);
});

test('a loss of sight touches everything, and nothing is quiet before the disks were seen idle', () => {
  const story = new Story();
  story.watch.begin(0, 0, 5);
  story.tracker.reset();
  assert.deepEqual(story.quiet(), [false, false, false, false, false]);
  const unsettled = new Story(false);
  unsettled.watch.begin(0, 0, 5);
  assert.deepEqual(unsettled.quiet(), [false, false, false, false, false]);
});

test('a chunk may lack what was left out as free until all of it is wanted', () => {
  const { tracker, watch } = new Story();
  assert.equal(watch.mayLackFree(0, 1), true, 'an earlier process may have left something out');
  watch.foundEqual(0, 1);
  assert.deepEqual([watch.mayLackFree(0, 1), watch.mayLackFree(0, 2)], [false, true]);
  tracker.markDirty(0, 0, 4 * MIB + 4096);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((chunk) => watch.mayLackFree(0, chunk)),
    Array(5).fill(false),
  );
  tracker.forget(0, [{ firstBlock: 300, blockCount: 1 }], 2000);
  assert.equal(watch.mayLackFree(0, 1), true);
  tracker.markDirty(0, MIB, MIB - 4096);
  assert.equal(watch.mayLackFree(0, 1), true);
  tracker.markDirty(0, MIB, MIB);
  assert.equal(watch.mayLackFree(0, 1), false);
});
