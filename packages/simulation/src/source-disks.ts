/**
 * The disks of the source server and their whole history. A change is issued (its event's time, then the
 * commit: only then the device has it), may be requeued and issued again, is applied sector by sector, and
 * completes in one or two parts (event, then commit, and only then is anybody told). While it is with the
 * device, a read of its sectors may tear. All of that is drawn when it is issued, so that a look at the disks
 * at any time is arithmetic.
 *
 * S1 looks never go back in time, and before each one `planThrough` has issued what was to be issued until
 *    then.
 */
import type { BlockEvent, BlockEventKind } from '@landfall/capture';
import type { Random } from '@landfall/runtime';
import { SECTOR_BYTES, SECTORS_PER_BLOCK, sectorContent, TORN, tearSector } from './sector-content.ts';
import { COMMIT_LATE_NS_MAX, TracedEvents } from './traced-events.ts';

export interface Change {
  readonly kind: 'write' | 'zeroes' | 'discard';
  readonly diskIndex: number;
  readonly sector: number;
  readonly sectorCount: number;
  readonly issueNs: number;
}

interface DeviceTime {
  readonly fromNs: number;
  readonly untilNs: number;
  /** The commit of the event that ends it: until then the kernel counts it as in flight. */
  readonly countedUntilNs: number;
}

/** A part of a change that completes as a whole. */
interface Part {
  readonly value: number;
  readonly isDiscard: boolean;
  readonly issueNs: number;
  readonly ackNs: number;
  readonly deviceTimes: readonly DeviceTime[];
  /** With the sector's number this gives when it is applied, within the last device time. */
  readonly salt: number;
}

const QUICK_NS_MAX = 600_000;
const SLOW_NS_MAX = 15e6;
/** A requeued, slow request in two parts, each event late: nothing is with the device for longer. */
const DEVICE_NS_MAX = 4 * SLOW_NS_MAX + 8 * COMMIT_LATE_NS_MAX;

export class SourceDisks {
  readonly sectorCounts: readonly number[];
  readonly traced: TracedEvents;
  /** Issues what the workload issues until then. */
  planThrough: (nowNs: number) => void = () => undefined;
  changeCount = 0;
  /** The last acknowledgement of all. */
  quietFromNs = 0;
  readonly #random: Random;
  readonly #initial: readonly Uint32Array[];
  readonly #sectors: readonly Part[][][];
  #underWay: { readonly diskIndex: number; readonly part: Part }[] = [];
  readonly #compressible: boolean;
  #lastValue = 0;

  /** `compressible`: some sectors are zero, and some are easy to compress. */
  constructor(random: Random, sectorCounts: readonly number[], compressible: boolean) {
    this.#random = random;
    this.#compressible = compressible;
    this.sectorCounts = sectorCounts;
    this.traced = new TracedEvents(random);
    this.#sectors = sectorCounts.map((count) => Array.from({ length: count }, () => []));
    this.#initial = sectorCounts.map((count) => this.#initialValues(count));
  }

  /** Answers when it is acknowledged as a whole. */
  issue(change: Change): number {
    const { diskIndex, sector, sectorCount, kind } = change;
    const operation = kind === 'discard' ? ('discard' as const) : ('write' as const);
    const trace = (
      eventKind: BlockEventKind,
      timeNs: number,
      range: { sector: number; sectorCount: number },
    ) => this.traced.add({ ...rangeOf(range), kind: eventKind, operation, diskIndex, timeNs });
    const given = this.#giveToDevice(change, trace);
    this.changeCount += 1;
    const value = kind === 'zeroes' && this.#compressible ? 0 : this.#nextValue();
    let fromNs = given.fromNs;
    for (const range of this.#parts(sector, sectorCount)) {
      const untilNs = fromNs + 1 + this.#duration();
      const ackNs = trace('complete', untilNs, range);
      const last = { fromNs: given.fromNs, untilNs, countedUntilNs: ackNs };
      this.#keep(diskIndex, range, {
        ...{ value, isDiscard: kind === 'discard', issueNs: change.issueNs, ackNs },
        deviceTimes: [...given.before, last],
        salt: this.#random.integer(0x7fff_ffff),
      });
      fromNs = ackNs;
    }
    this.quietFromNs = Math.max(this.quietFromNs, fromNs);
    return fromNs;
  }

  /** A device read of whole sectors, each at some instant of the window. */
  read(
    target: Buffer,
    place: { readonly diskIndex: number; readonly sector: number },
    window: ReadWindow,
  ): void {
    for (let at = 0; at < target.length; at += SECTOR_BYTES) {
      const timeNs = window.fromNs + this.#random.integer(window.untilNs - window.fromNs + 1);
      const sector = place.sector + at / SECTOR_BYTES;
      const value = this.#valueAt(place.diskIndex, sector, timeNs);
      if (this.#tears(place.diskIndex, sector, timeNs)) tearSector(target, at, value);
      else sectorContent(value).copy(target, at);
    }
  }

  /** What the kernel's count of writes in flight would show now. */
  isIdle(diskIndex: number, nowNs: number): boolean {
    this.#underWay = this.#underWay.filter(({ part }) => part.ackNs > nowNs);
    return !this.#underWay.some(
      ({ diskIndex: index, part }) =>
        index === diskIndex &&
        part.deviceTimes.some(({ fromNs, countedUntilNs }) => fromNs <= nowNs && nowNs < countedUntilNs),
    );
  }

  /**
   * Whether a power failure at `timeNs` may leave `value` in the sector (C1, C2): it was issued by then, and
   * nothing that was issued after its acknowledgement was acknowledged by then. Discards promise nothing.
   */
  isLegal(diskIndex: number, sector: number, value: number, timeNs: number): boolean {
    if (value === TORN) return false;
    const parts = this.#partsOf(diskIndex, sector);
    let ackNs = this.#initial[diskIndex]?.[sector] === value ? 0 : -1;
    for (const part of parts) {
      if (part.value === value && part.issueNs <= timeNs) ackNs = Math.max(ackNs, part.ackNs);
    }
    if (ackNs < 0) return false;
    return !parts.some((later) => !later.isDiscard && later.issueNs > ackNs && later.ackNs <= timeNs);
  }

  finalValue(diskIndex: number, sector: number): number {
    return this.#partsOf(diskIndex, sector).at(-1)?.value ?? this.#initial[diskIndex]?.[sector] ?? 0;
  }

  /** For explanations: what was written to the sector, in the order of its application. */
  describe(diskIndex: number, sector: number): string {
    const parts = this.#partsOf(diskIndex, sector).map(
      ({ value, isDiscard, issueNs, ackNs }) =>
        `${isDiscard ? 'discard ' : ''}${value} [${ms(issueNs)}, ${ms(ackNs)}]`,
    );
    return [`${this.#initial[diskIndex]?.[sector]} at first`, ...parts.slice(-12)].join(', ');
  }

  /** See sector-content.ts: one in three does not compress. */
  #nextValue(): number {
    this.#lastValue += this.#compressible ? 1 : 3;
    return this.#compressible ? this.#lastValue : this.#lastValue + 1;
  }

  #initialValues(count: number): Uint32Array {
    const values = new Uint32Array(count);
    for (let first = 0; first < count; first += SECTORS_PER_BLOCK) {
      if (this.#compressible && this.#random.integer(2) === 0) continue;
      values.fill(this.#nextValue(), first, first + SECTORS_PER_BLOCK);
    }
    return values;
  }

  #giveToDevice(change: Change, trace: (kind: BlockEventKind, timeNs: number, range: Change) => number) {
    const random = this.#random;
    const fromNs = trace('issue', change.issueNs, change);
    if (random.integer(12) > 0) return { fromNs, before: [] };
    const untilNs = fromNs + 1 + random.integer(QUICK_NS_MAX);
    const countedUntilNs = trace('requeue', untilNs, change);
    const againNs = countedUntilNs + 1 + random.integer(QUICK_NS_MAX);
    return { fromNs: trace('issue', againNs, change), before: [{ fromNs, untilNs, countedUntilNs }] };
  }

  #parts(sector: number, sectorCount: number): { sector: number; sectorCount: number }[] {
    const random = this.#random;
    if (sectorCount === 1 || random.integer(6) > 0) return [{ sector, sectorCount }];
    const first = 1 + random.integer(sectorCount - 1);
    return [
      { sector, sectorCount: first },
      { sector: sector + first, sectorCount: sectorCount - first },
    ];
  }

  #duration(): number {
    return this.#random.integer(this.#random.integer(10) === 0 ? SLOW_NS_MAX : QUICK_NS_MAX);
  }

  #keep(diskIndex: number, range: { sector: number; sectorCount: number }, part: Part): void {
    this.#underWay.push({ diskIndex, part });
    for (let sector = range.sector; sector < range.sector + range.sectorCount; sector += 1) {
      const parts = this.#sectors[diskIndex]?.[sector];
      if (parts === undefined) continue;
      const appliedNs = appliedAt(part, sector);
      let at = parts.length;
      for (; at > 0; at -= 1) {
        const before = parts[at - 1];
        if (before === undefined || appliedAt(before, sector) <= appliedNs) break;
      }
      parts.splice(at, 0, part);
    }
  }

  #valueAt(diskIndex: number, sector: number, timeNs: number): number {
    const parts = this.#partsOf(diskIndex, sector);
    for (let at = parts.length - 1; at >= 0; at -= 1) {
      const part = parts[at];
      if (part !== undefined && appliedAt(part, sector) <= timeNs) return part.value;
    }
    return this.#initial[diskIndex]?.[sector] ?? 0;
  }

  #tears(diskIndex: number, sector: number, timeNs: number): boolean {
    const parts = this.#partsOf(diskIndex, sector);
    for (let at = parts.length - 1; at >= 0; at -= 1) {
      const part = parts[at];
      if (part === undefined || appliedAt(part, sector) < timeNs - DEVICE_NS_MAX) return false;
      const with_ = part.deviceTimes.some(({ fromNs, untilNs }) => fromNs <= timeNs && timeNs < untilNs);
      if (with_ && !part.isDiscard) return this.#random.integer(3) === 0;
    }
    return false;
  }

  #partsOf(diskIndex: number, sector: number): readonly Part[] {
    return this.#sectors[diskIndex]?.[sector] ?? [];
  }
}

export interface ReadWindow {
  readonly fromNs: number;
  readonly untilNs: number;
}

export type TraceReadEvent = Pick<BlockEvent, 'kind' | 'timeNs'>;

function appliedAt({ deviceTimes, salt }: Part, sector: number): number {
  const last = deviceTimes.at(-1);
  if (last === undefined) return 0;
  const span = last.untilNs - last.fromNs + 1;
  return last.fromNs + (((Math.imul(sector + 1, 0x9e37_79b1) ^ salt) >>> 0) % span);
}

function rangeOf({ sector, sectorCount }: { readonly sector: number; readonly sectorCount: number }) {
  return { sector, sectorCount };
}

function ms(timeNs: number): string {
  return (timeNs / 1e6).toFixed(3);
}
