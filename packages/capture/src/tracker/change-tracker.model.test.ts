/**
 * The tracker against a model: random histories of writes on simulated disks, with our reads tearing, events
 * late and hidden, requests requeued, split and in flight when tracking begins, and tracking lost and begun
 * anew, and disks that join while the others are cut. Every cut is compared with what a power failure at T
 * may leave (C1–C4); at the end the replica must equal the disks.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom } from '@landfall/runtime';
import type { BlockEvent } from '../tracing/block-event.ts';
import type { BulkRun } from './bulk-run.ts';
import { ChangeTracker } from './change-tracker.ts';
import { type BlockRange, DirtyMap, runsOf } from './dirty-map.ts';
import { BLOCK_BYTES, BLOCK_SECTORS, type ReadTicket } from './read-ticket.ts';
import { SimulatedDisks, simulateEvent, TORN } from './simulated-disks.ts';

const HISTORIES = Number(process.env.LANDFALL_CAPTURE_HISTORIES ?? 2000);
const SEED = Number(process.env.LANDFALL_CAPTURE_SEED ?? 1);
const STEPS_MAX = 20_000;
/** More than any event's commit is late in the simulation. */
const LATE_MAX = 60;

test(`every cut of ${HISTORIES} random histories is what a power failure may leave`, (context) => {
  let cuts = 0;
  let busyCuts = 0;
  let certain = 0;
  for (let seed = SEED; seed < SEED + HISTORIES; seed += 1) {
    const world = new World(seed);
    world.run();
    cuts += world.cutCount;
    busyCuts += world.busyCutCount;
    certain += world.certainCount;
  }
  context.diagnostic(`${cuts} cuts, ${busyCuts} of them between writes; ${certain} looks at what is certain`);
  assert.ok(busyCuts > HISTORIES / 2, 'cuts happen while the disks are written');
});

interface ReadUnderWay {
  readonly endTime: number;
  readonly finish: () => void;
}

class World {
  cutCount = 0;
  busyCutCount = 0;
  certainCount = 0;
  #inHand: readonly BulkRun[] = [];
  readonly #seed: number;
  readonly #random: Random;
  readonly #disks: SimulatedDisks;
  readonly #diskCount: number;
  readonly #blocksPerDisk: number;
  readonly #tracker: ChangeTracker;
  readonly #replica: number[][];
  readonly #marginTime: number;
  /** Its own source of chance: histories without joining disks stay what they were. */
  readonly #joiningRandom: Random;
  #now = 0;
  #drained = new Set<unknown>();
  #visibleFrom = 0;
  #underWay: ReadUnderWay[] = [];
  #lastCut = -Infinity;

  constructor(seed: number) {
    this.#seed = seed;
    const random = seededRandom(seed);
    this.#random = random;
    this.#joiningRandom = seededRandom(seed + 1_000_000);
    this.#diskCount = 1 + random.integer(3);
    this.#blocksPerDisk = 2 + random.integer(10);
    const startsBusy = random.integer(2) === 0;
    this.#disks = new SimulatedDisks({
      random,
      diskCount: this.#diskCount,
      blocksPerDisk: this.#blocksPerDisk,
      writeCount: random.integer(60),
      durationTime: 100 + random.integer(1500),
      startTime: startsBusy ? -60 : 1,
      discardPercent: random.integer(3) === 0 ? 25 : 0,
    });
    const sizeBytes = this.#blocksPerDisk * BLOCK_BYTES;
    const windowBlocks = 1 + random.integer(this.#diskCount * this.#blocksPerDisk + 1);
    this.#tracker = new ChangeTracker({
      sizesBytes: Array.from({ length: this.#diskCount }, () => sizeBytes),
      windowBytes: windowBlocks * BLOCK_BYTES,
      joining: this.#chooseJoining(),
    });
    this.#marginTime = random.integer(4);
    const initial = startsBusy ? TORN : 0;
    this.#replica = Array.from({ length: this.#diskCount }, () =>
      Array.from({ length: this.#blocksPerDisk * BLOCK_SECTORS }, () => initial),
    );
    this.#tracker.forbidCutsThrough(0);
    if (startsBusy) {
      for (let disk = 0; disk < this.#diskCount; disk += 1) this.#tracker.markDirty(disk, 0, sizeBytes);
    }
  }

  #chooseJoining(): readonly number[] {
    const joins = this.#diskCount > 1 && this.#joiningRandom.integer(3) === 0;
    return joins ? [this.#joiningRandom.integer(this.#diskCount)] : [];
  }

  run(): void {
    for (let step = 0; ; step += 1) {
      assert.ok(step < STEPS_MAX, `seed ${this.#seed}: the replica never catches up`);
      this.#now += 1 + this.#random.integer(this.#now > this.#disks.endTime + 200 ? 60 : 25);
      this.#finishReads();
      this.#pump();
      if (this.#random.integer(400) === 0 && this.#now < this.#disks.endTime) this.#loseSight();
      if (this.#underWay.length === 0 && this.#act()) return;
    }
  }

  /** True when nothing is left to do. */
  #act(): boolean {
    const tracker = this.#tracker;
    const isJoining = tracker.joining.length > 0;
    if (isJoining && this.#joiningRandom.integer(40) === 0) tracker.finishJoining();
    const copiesJoining = isJoining && this.#joiningRandom.integer(6) === 0;
    const entered = tracker.enterFine();
    if (entered === 'too-much' || copiesJoining || (entered === 'fine' && this.#random.integer(60) === 0)) {
      this.#startBulk();
      return false;
    }
    if (entered === 'not-yet') return false;
    if (this.#random.integer(3) === 0) tracker.admitDiscarded();
    if (this.#random.integer(3) > 0) this.#tryCut();
    if (!tracker.isFine) return false;
    for (const ticket of tracker.wantedReads()) if (this.#random.integer(5) > 0) this.#startRead(ticket);
    return this.#isDone();
  }

  #isDone(): boolean {
    const over = this.#now > this.#disks.endTime + 100 && this.#lastCut > this.#disks.endTime;
    const dirty = this.#replica.some((_, disk) => this.#tracker.dirtyBytes(disk) > 0);
    if (!over || dirty || this.#underWay.length > 0 || this.#tracker.joining.length > 0) return false;
    this.#forEachSector((disk, sector, value) => {
      assert.equal(value, this.#disks.finalValue(disk, sector), this.#where(disk, sector, 'at the end'));
    });
    return true;
  }

  #tryCut(): void {
    const time = this.#tracker.cutNs();
    if (time === undefined) return;
    assert.ok(time > this.#lastCut, `seed ${this.#seed}: cuts move forward`);
    assert.ok(time <= this.#tracker.reachedNs, `seed ${this.#seed}: C4`);
    for (const { diskIndex, block, content } of this.#tracker.takeCut(time)) {
      this.#store(diskIndex, block, valuesOf(content));
    }
    this.#lastCut = time;
    this.cutCount += 1;
    if (time < this.#disks.endTime) this.busyCutCount += 1;
    const joining = this.#tracker.joining;
    this.#forEachSector((disk, sector, value) => {
      if (joining.includes(disk)) return;
      const legal = this.#disks.isLegal(disk, sector, value, time);
      assert.ok(legal, this.#where(disk, sector, `holds ${value} at the cut ${time}`));
    });
  }

  #startRead(ticket: ReadTicket): void {
    const random = this.#random;
    const startTime = this.#now + 1;
    this.#tracker.readStarted(ticket, startTime);
    const { diskIndex, sector, sectorCount } = ticket;
    const traced = { diskIndex, sector, sectorCount, operation: 'read' as const };
    const issue = simulateEvent(event('issue', traced, startTime + 1 + random.integer(8)), random);
    const doneTime = issue.commitTime + 1 + random.integer(10);
    const complete = simulateEvent(event('complete', traced, doneTime), random);
    const seen = random.integer(6);
    if (seen > 0) this.#disks.addEvents([issue, complete]);
    if (seen === 1) this.#disks.addEvents([simulateEvent(event('issue', traced, startTime + 2), random)]);
    const contents = this.#sample(diskIndex, ticket.firstBlock, ticket.records.length, {
      from: issue.commitTime,
      until: doneTime - 1,
    });
    const endTime = complete.commitTime + 1 + random.integer(8);
    this.#underWay.push({
      endTime,
      finish: () => this.#tracker.readFinished(ticket, endTime, contents.map(contentOf)),
    });
  }

  #startBulk(): void {
    const random = this.#random;
    const startTime = this.#now;
    const runs = this.#tracker.takeDirty((1 + random.integer(8)) * BLOCK_BYTES);
    this.#inHand = runs;
    const endTime = startTime + 2 + random.integer(60);
    const read = (run: BulkRun) =>
      this.#sample(run.diskIndex, run.firstBlock, run.blockCount, {
        from: startTime + 1,
        until: endTime - 1,
      });
    const contents = runs.map(read);
    const fails = random.integer(10) === 0;
    this.#underWay.push({
      endTime,
      finish: () => {
        this.#inHand = [];
        this.#tracker.bulkFinished(endTime);
        if (fails) this.#tracker.restoreDirty(runs);
        else
          runs.forEach((run, index) => {
            contents[index]?.forEach((values, at) => {
              this.#store(run.diskIndex, run.firstBlock + at, values);
            });
          });
      },
    });
  }

  #finishReads(): void {
    const due = this.#underWay.filter(({ endTime }) => endTime <= this.#now);
    this.#underWay = this.#underWay.filter(({ endTime }) => endTime > this.#now);
    for (const { finish } of due.toSorted((left, right) => left.endTime - right.endTime)) finish();
  }

  /** The barrier: complete only when everything committed by now could be read. */
  #pump(): void {
    const committed = this.#disks.events.filter(
      (entry) =>
        entry.commitTime <= this.#now && entry.commitTime > this.#visibleFrom && !this.#drained.has(entry),
    );
    const readable = committed.filter(({ readableTime }) => readableTime <= this.#now);
    for (const entry of readable) this.#drained.add(entry);
    const wanted = readable.filter(
      ({ event: { operation, diskIndex, sector, sectorCount } }) =>
        operation !== 'read' || this.#tracker.ownsRead(diskIndex, sector, sectorCount),
    );
    this.#tracker.add(wanted.map((entry) => entry.event));
    this.#lookForIdle();
    if (readable.length < committed.length) return;
    this.#tracker.advance(this.#now - this.#marginTime);
    if (this.#random.integer(20) === 0 && this.#tracker.isSettled) this.#checkUncertain();
  }

  /**
   * U1: what is not uncertain, not in hand, and not touched by anything committed later, is equal for good.
   */
  #checkUncertain(): void {
    this.#tracker.uncertain([]).disks.forEach(({ dirty, discarded, extents }, disk) => {
      const open = new DirtyMap(this.#blocksPerDisk);
      const add = ({ firstBlock, blockCount }: BlockRange) => open.setRange(firstBlock, blockCount);
      for (const range of [...runsOf(dirty), ...runsOf(discarded)]) add(range);
      for (const { offsetBytes, lengthBytes } of extents) add(blocksOf(offsetBytes / 512, lengthBytes / 512));
      for (const run of this.#inHand) if (run.diskIndex === disk) add(run);
      for (const { event: later, commitTime } of this.#disks.events) {
        if (commitTime <= this.#now || later.operation === 'read' || later.diskIndex !== disk) continue;
        add(blocksOf(later.sector, later.sectorCount));
      }
      this.#replica[disk]?.forEach((value, sector) => {
        if (open.has(Math.floor(sector / BLOCK_SECTORS))) return;
        assert.equal(value, this.#disks.finalValue(disk, sector), this.#where(disk, sector, 'is uncertain'));
      });
    });
    this.certainCount += 1;
  }

  #lookForIdle(): void {
    const atNs = this.#now;
    const issuedBeforeNs = atNs - LATE_MAX;
    if (this.#tracker.isSettled && this.#random.integer(10) > 0) return;
    for (let diskIndex = 0; diskIndex < this.#diskCount; diskIndex += 1) {
      if (this.#disks.isIdle(diskIndex, atNs)) this.#tracker.seenIdle({ diskIndex, atNs, issuedBeforeNs });
    }
  }

  /** C5: what was not drained is gone, and writes in flight have issues nobody saw. */
  #loseSight(): void {
    this.#visibleFrom = this.#now;
    this.#tracker.reset();
    this.#tracker.forbidCutsThrough(this.#now);
  }

  #sample(disk: number, firstBlock: number, blockCount: number, window: { from: number; until: number }) {
    return Array.from({ length: blockCount }, (_, index) =>
      Array.from({ length: BLOCK_SECTORS }, (_unused, sector) => {
        const time = window.from + this.#random.integer(window.until - window.from + 1);
        return this.#disks.read(disk, (firstBlock + index) * BLOCK_SECTORS + sector, time);
      }),
    );
  }

  #store(disk: number, block: number, values: readonly number[]): void {
    values.forEach((value, index) => {
      const sectors = this.#replica[disk];
      if (sectors !== undefined) sectors[block * BLOCK_SECTORS + index] = value;
    });
  }

  #forEachSector(visit: (disk: number, sector: number, value: number) => void): void {
    this.#replica.forEach((sectors, disk) => {
      sectors.forEach((value, sector) => {
        visit(disk, sector, value);
      });
    });
  }

  #where(disk: number, sector: number, what: string): string {
    return `seed ${this.#seed}: disk ${disk}, sector ${sector} ${what} (LANDFALL_CAPTURE_SEED replays it)`;
  }
}

function event(
  kind: BlockEvent['kind'],
  read: Pick<BlockEvent, 'diskIndex' | 'sector' | 'sectorCount' | 'operation'>,
  timeNs: number,
): BlockEvent {
  return { kind, ...read, timeNs };
}

function blocksOf(sector: number, sectorCount: number): BlockRange {
  const firstBlock = Math.floor(sector / BLOCK_SECTORS);
  return { firstBlock, blockCount: Math.ceil((sector + sectorCount) / BLOCK_SECTORS) - firstBlock };
}

function contentOf(values: readonly number[]): Buffer | undefined {
  return values.every((value) => value === 0) ? undefined : Buffer.from(Int32Array.from(values).buffer);
}

function valuesOf(content: Buffer | undefined): number[] {
  return Array.from({ length: BLOCK_SECTORS }, (_, index) => content?.readInt32LE(index * 4) ?? 0);
}
