/**
 * Tests only: disks whose whole history is known in advance, to check cuts against. A value is the ID of the
 * write that put it there, for each sector; times are whole numbers.
 *
 * A write is issued (the event's time, then its commit, maybe much later: only then does the device see it),
 * may be requeued and issued again, is applied sector by sector, and completes in one or two parts (event,
 * then commit, and only then is anybody told). While it is with the device, a read of its sectors may tear.
 * Discards are applied like writes.
 */
import type { Random } from '@landfall/runtime';
import type { BlockEvent, BlockEventKind } from '../tracing/block-event.ts';

export const SECTORS_PER_BLOCK = 8;
export const TORN = -1;

export interface SimulatedEvent {
  readonly event: BlockEvent;
  readonly cpu: number;
  /** From here on the kernel's counters count it. */
  readonly commitTime: number;
  /** From here on it can be read: later than the commit when it hides behind an unfinished event. */
  readableTime: number;
}

interface DeviceTime {
  readonly from: number;
  readonly until: number;
  /** The commit of the event that ends it. */
  readonly countedUntil: number;
}

interface SectorWrite {
  readonly id: number;
  readonly isDiscard: boolean;
  readonly issueTime: number;
  /** While the device has it, and while it counts as in flight; twice when it was requeued. */
  readonly deviceTimes: readonly DeviceTime[];
  readonly appliedTime: number;
  /** When the part that holds the sector is acknowledged. */
  readonly ackTime: number;
}

export interface SimulatedHistoryOptions {
  readonly random: Random;
  readonly diskCount: number;
  readonly blocksPerDisk: number;
  readonly writeCount: number;
  readonly durationTime: number;
  /** Writes begin here, so that some are in flight when tracking begins at 0. */
  readonly startTime: number;
  readonly discardPercent: number;
}

export class SimulatedDisks {
  readonly events: SimulatedEvent[] = [];
  readonly endTime: number;
  readonly #random: Random;
  readonly #sectors: SectorWrite[][][];

  constructor(options: SimulatedHistoryOptions) {
    const { random, diskCount, blocksPerDisk } = options;
    this.#random = random;
    const sectorCount = blocksPerDisk * SECTORS_PER_BLOCK;
    this.#sectors = Array.from({ length: diskCount }, () => Array.from({ length: sectorCount }, () => []));
    let endTime = 0;
    for (let id = 1; id <= options.writeCount; id += 1)
      endTime = Math.max(endTime, this.#addWrite(id, options));
    this.endTime = endTime;
    for (const disk of this.#sectors) {
      for (const sector of disk) sector.sort((left, right) => left.appliedTime - right.appliedTime);
    }
    this.#orderEvents();
  }

  /** Adds events of reads, which the tracker sees like any other. */
  addEvents(events: readonly SimulatedEvent[]): void {
    this.events.push(...events);
    this.#orderEvents();
  }

  /** What a device read of a sector gives. */
  read(diskIndex: number, sector: number, time: number): number {
    const writes = this.#writesOf(diskIndex, sector);
    const tears = writes.some(
      ({ isDiscard, deviceTimes }) =>
        !isDiscard && deviceTimes.some(({ from, until }) => from <= time && time < until),
    );
    if (tears && this.#random.integer(3) === 0) return TORN;
    return writes.findLast(({ appliedTime }) => appliedTime <= time)?.id ?? 0;
  }

  finalValue(diskIndex: number, sector: number): number {
    return this.#writesOf(diskIndex, sector).at(-1)?.id ?? 0;
  }

  /** What the kernel's count of writes in flight would show. */
  isIdle(diskIndex: number, time: number): boolean {
    const writes = (this.#sectors[diskIndex] ?? []).flat();
    return !writes.some(
      ({ isDiscard, deviceTimes }) =>
        !isDiscard && deviceTimes.some(({ from, countedUntil }) => from <= time && time < countedUntil),
    );
  }

  /** Whether a power failure at `time` may leave `value` in the sector (C1, C2). */
  isLegal(diskIndex: number, sector: number, value: number, time: number): boolean {
    const writes = this.#writesOf(diskIndex, sector);
    const own = writes.find(({ id }) => id === value);
    if (value !== 0 && own === undefined) return false;
    if (own !== undefined && own.issueTime > time) return false;
    const ackTime = own?.ackTime ?? -Infinity;
    return !writes.some((later) => !later.isDiscard && later.issueTime > ackTime && later.ackTime <= time);
  }

  #writesOf(diskIndex: number, sector: number): readonly SectorWrite[] {
    return this.#sectors[diskIndex]?.[sector] ?? [];
  }

  #addWrite(id: number, options: SimulatedHistoryOptions): number {
    const random = this.#random;
    const diskIndex = random.integer(options.diskCount);
    const sectorsTotal = options.blocksPerDisk * SECTORS_PER_BLOCK;
    const isDiscard = random.integer(100) < options.discardPercent;
    const aligned = random.integer(3) > 0;
    const unit = aligned ? SECTORS_PER_BLOCK : 1;
    const first = random.integer(sectorsTotal / unit) * unit;
    const count = Math.min(sectorsTotal - first, (1 + random.integer(aligned ? 3 : 12)) * unit);
    const range = { diskIndex, sector: first, sectorCount: count };
    const operation = isDiscard ? ('discard' as const) : ('write' as const);
    const emit = (kind: BlockEventKind, timeNs: number, part: { sector: number; sectorCount: number }) =>
      this.#emit({ kind, operation, diskIndex, ...part, timeNs });
    const firstIssueTime = options.startTime + random.integer(options.durationTime - options.startTime);
    let issueTime = firstIssueTime;
    let commitTime = emit('issue', issueTime, range);
    const deviceTimes: DeviceTime[] = [];
    if (random.integer(12) === 0) {
      const requeueTime = commitTime + 1 + random.integer(10);
      const requeueCommitTime = emit('requeue', requeueTime, range);
      deviceTimes.push({ from: commitTime, until: requeueTime, countedUntil: requeueCommitTime });
      issueTime = requeueCommitTime + 1 + random.integer(10);
      commitTime = emit('issue', issueTime, range);
    }
    const partCount = count > 1 && random.integer(6) === 0 ? 1 + random.integer(count - 1) : count;
    let time = commitTime;
    for (const part of [
      { sector: first, sectorCount: partCount },
      { sector: first + partCount, sectorCount: count - partCount },
    ]) {
      if (part.sectorCount === 0) continue;
      const doneTime = time + 1 + random.integer(40);
      const ackTime = emit('complete', doneTime, part);
      for (let sector = part.sector; sector < part.sector + part.sectorCount; sector += 1) {
        this.#sectors[diskIndex]?.[sector]?.push({
          id,
          isDiscard,
          issueTime: firstIssueTime,
          deviceTimes: [...deviceTimes, { from: commitTime, until: doneTime, countedUntil: ackTime }],
          appliedTime: commitTime + random.integer(doneTime - commitTime + 1),
          ackTime,
        });
      }
      time = ackTime;
    }
    return time;
  }

  #emit(event: BlockEvent): number {
    const simulated = simulateEvent(event, this.#random);
    this.events.push(simulated);
    return simulated.commitTime;
  }

  /** In the order of their commits; on one CPU a hidden event hides those behind it. */
  #orderEvents(): void {
    this.events.sort((left, right) => left.commitTime - right.commitTime);
    const readable = new Map<number, number>();
    for (const entry of this.events) {
      entry.readableTime = Math.max(entry.readableTime, readable.get(entry.cpu) ?? 0);
      readable.set(entry.cpu, entry.readableTime);
    }
  }
}

/**
 * Commits at once, or, one time in ten, late (its CPU was taken away); is readable at once, or, one in
 * twenty, later.
 */
export function simulateEvent(event: BlockEvent, random: Random): SimulatedEvent {
  const commitTime = event.timeNs + (random.integer(10) === 0 ? random.integer(30) : 0);
  const readableTime = commitTime + (random.integer(20) === 0 ? random.integer(20) : 0);
  return { event, cpu: random.integer(3), commitTime, readableTime };
}
