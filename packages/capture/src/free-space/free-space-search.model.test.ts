/**
 * Leaving out free space against a model: random histories of a file system that allocates, writes, frees
 * and commits while its map is read and everything is copied. At every cut, each block that a crash then
 * would bring back in use must be in the replica.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom, silentLogger } from '@landfall/runtime';
import type { BulkRun } from '../tracker/bulk-run.ts';
import { ChangeTracker } from '../tracker/change-tracker.ts';
import { BLOCK_BYTES } from '../tracker/read-ticket.ts';
import { forgetFreeSpace } from './free-space-search.ts';
import type { Volume } from './free-space-source.ts';
import { TORN, ToyFileSystem } from './toy-file-system.testing.ts';

const HISTORIES = Number(process.env.LANDFALL_FREE_SPACE_HISTORIES ?? 1500);
const SEED = Number(process.env.LANDFALL_FREE_SPACE_SEED ?? 1);
const STEPS_MAX = 20_000;
const CUTS_WANTED = 6;

test(`what ${HISTORIES} random histories leave out is needed at no cut`, async (context) => {
  let [cuts, forgotten] = [0, 0];
  for (let seed = SEED; seed < SEED + HISTORIES; seed += 1) {
    const world = new World(seed);
    await world.run();
    cuts += world.cutCount;
    forgotten += world.forgottenBytes / BLOCK_BYTES;
  }
  context.diagnostic(`${cuts} cuts, ${forgotten} blocks left out`);
  assert.ok(forgotten > HISTORIES, 'blocks are left out');
});

interface ReadUnderWay {
  readonly endTime: number;
  readonly finish: () => void;
}

class World {
  cutCount = 0;
  forgottenBytes = 0;
  generation = 0;
  readonly #seed: number;
  readonly #random: Random;
  readonly #files: ToyFileSystem;
  readonly #tracker: ChangeTracker;
  readonly #replica: number[];
  #now = 0;
  #underWay: ReadUnderWay[] = [];
  #search: (() => boolean) | undefined;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    const blockCount = 4 + this.#random.integer(20);
    this.#files = new ToyFileSystem(this.#random, blockCount);
    const sizeBytes = blockCount * BLOCK_BYTES;
    const windowBytes = (1 + this.#random.integer(blockCount + 4)) * BLOCK_BYTES;
    this.#tracker = new ChangeTracker({ sizesBytes: [sizeBytes], windowBytes });
    this.#replica = Array.from({ length: blockCount }, () => TORN);
    this.#tracker.forbidCutsThrough(0);
    this.#tracker.seenIdle({ diskIndex: 0, atNs: 0, issuedBeforeNs: 0 });
    this.#markAllDirty();
  }

  async run(): Promise<void> {
    const beginsAt = this.#random.integer(60);
    let searches = 1 + this.#random.integer(2);
    for (let step = 0; this.cutCount < CUTS_WANTED || this.#search !== undefined; step += 1) {
      assert.ok(step < STEPS_MAX, `seed ${this.#seed}: the replica never catches up`);
      this.#now += 1 + this.#random.integer(12);
      const isBusy = step < 200 || this.#random.integer(12) === 0;
      if (isBusy) this.#files.act(this.#now);
      this.#finishReads();
      this.#pump();
      if (this.#search === undefined && searches > 0 && this.#now > beginsAt) {
        searches -= 1;
        this.#beginSearch();
      }
      if (this.#search?.()) await this.#searchEnded();
      if (this.#underWay.length === 0) this.#act();
    }
  }

  #markAllDirty(): void {
    this.#tracker.markDirty(0, 0, this.#replica.length * BLOCK_BYTES);
  }

  /** Blocks are looked at one by one; then the file system commits; some time later that is known. */
  #beginSearch(): void {
    if (this.#random.integer(2) === 0) this.#markAllDirty();
    const left = this.#replica.map((_, block) => block);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let found: (offsetBytes: number, lengthBytes: number) => void = () => undefined;
    let endTime = Number.POSITIVE_INFINITY;
    const commitsEarly = this.#random.integer(2) === 0;
    this.#search = () => {
      for (const block of left.splice(0, 1 + this.#random.integer(8))) {
        if (this.#files.isFree(block)) found(block * BLOCK_BYTES, BLOCK_BYTES);
      }
      if (left.length === 0 && endTime === Number.POSITIVE_INFINITY) {
        if (commitsEarly) this.#files.commit(this.#now);
        endTime = this.#now + 1 + this.#random.integer(40);
      }
      if (this.#now < endTime) return false;
      if (!commitsEarly) this.#files.commit(this.#now);
      resolve(undefined);
      return true;
    };
    const readFree: Volume['readFree'] = (add) => {
      found = add;
      return promise;
    };
    this.#forget(readFree);
  }

  #searchDone: Promise<void> = Promise.resolve();

  #forget(readFree: Volume['readFree']): void {
    const extent = { offsetBytes: 0, lengthBytes: this.#replica.length * BLOCK_BYTES };
    const volumes = () => [{ name: 'toy', diskIndex: 0, extent, kind: 'toy', readFree }];
    const info = (_event: string, fields: { readonly skippedBytes?: number } = {}) => {
      this.forgottenBytes += fields.skippedBytes ?? 0;
    };
    this.#searchDone = forgetFreeSpace({
      source: { volumes },
      tracker: this.#tracker,
      logger: { ...silentLogger, info },
      engine: this,
      nowNs: () => this.#now,
      alignmentsBytes: [BLOCK_BYTES * 2 ** this.#random.integer(3)],
      signal: new AbortController().signal,
    });
  }

  async #searchEnded(): Promise<void> {
    this.#search = undefined;
    await this.#searchDone;
  }

  #act(): void {
    const tracker = this.#tracker;
    const entered = tracker.enterFine();
    const isImpatient = entered === 'fine' && this.#random.integer(60) === 0;
    if (entered === 'too-much' || isImpatient) this.#startBulk();
    else if (entered === 'fine') this.#actFine();
  }

  #actFine(): void {
    const tracker = this.#tracker;
    if (this.#random.integer(3) > 0) this.#tryCut();
    if (!tracker.isFine) return;
    for (const ticket of tracker.wantedReads()) {
      if (this.#random.integer(5) === 0) continue;
      tracker.readStarted(ticket, this.#now);
      this.#underWay.push(
        this.#read([ticket.firstBlock, ticket.records.length], (values) => {
          tracker.readFinished(ticket, this.#now, values.map(contentOf));
        }),
      );
    }
  }

  #tryCut(): void {
    const time = this.#tracker.cutNs();
    if (time === undefined) return;
    for (const { block, content } of this.#tracker.takeCut(time)) this.#replica[block] = numberIn(content);
    this.cutCount += 1;
    this.#replica.forEach((value, block) => {
      const legal = this.#files.isLegal(block, value, time);
      assert.ok(legal, `seed ${this.#seed}: block ${block} holds ${value} at the cut ${time}`);
    });
  }

  #startBulk(): void {
    const runs = this.#tracker.takeDirty((1 + this.#random.integer(6)) * BLOCK_BYTES);
    const fails = this.#random.integer(10) === 0;
    const reads = runs.map((run) =>
      this.#read([run.firstBlock, run.blockCount], (values) => {
        if (fails) return;
        values.forEach((value, at) => {
          this.#put(run, at, value);
        });
      }),
    );
    const endTime = Math.max(this.#now, ...reads.map((read) => read.endTime));
    const finish = () => {
      for (const read of reads) read.finish();
      this.#tracker.bulkFinished(this.#now);
      if (fails) this.#tracker.restoreDirty(runs);
    };
    this.#underWay.push({ endTime, finish });
  }

  #put({ firstBlock }: BulkRun, at: number, value: number): void {
    this.#replica[firstBlock + at] = value;
  }

  /** Each block is read at some instant of the window. */
  #read([first, count]: readonly [number, number], use: (values: readonly number[]) => void): ReadUnderWay {
    const startTime = this.#now;
    const endTime = startTime + 2 + this.#random.integer(40);
    const finish = () => {
      const times = Array.from(
        { length: count },
        () => startTime + 1 + this.#random.integer(endTime - startTime),
      );
      use(times.map((time, index) => this.#files.read(first + index, time)));
    };
    return { endTime, finish };
  }

  #finishReads(): void {
    const due = this.#underWay.filter(({ endTime }) => endTime <= this.#now);
    this.#underWay = this.#underWay.filter(({ endTime }) => endTime > this.#now);
    for (const { finish } of due) finish();
  }

  /** Everything committed by now is drained, or there is no barrier. */
  #pump(): void {
    const { events } = this.#files;
    const visible = events.filter(({ readableTime }) => readableTime <= this.#now);
    const hidden = events.filter(({ readableTime }) => readableTime > this.#now);
    this.#tracker.add(visible.map(({ event }) => event));
    events.splice(0, events.length, ...hidden);
    if (hidden.every(({ commitTime }) => commitTime > this.#now)) this.#tracker.advance(this.#now - 1);
  }
}

function contentOf(value: number): Buffer {
  const content = Buffer.alloc(4);
  content.writeInt32LE(value);
  return content;
}

function numberIn(content: Buffer | undefined): number {
  return content?.readInt32LE() ?? TORN;
}
