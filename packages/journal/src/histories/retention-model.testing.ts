/** What a thinned journal should hold, reckoned the slow and obvious way (`retention-history.testing.ts`). */
import assert from 'node:assert/strict';
import type { Consistency, RetentionTier } from '@landfall/model';
import type { Clock, Random } from '@landfall/runtime';
import type { JournalGroup } from '../group/journal-group.ts';
import type { PointLock } from '../points/points-document.ts';
import { tierOf } from '../points/retention-policy.ts';
import { type CutClocks, elapsedMs } from '../points/source-timeline.ts';
import type { JournalView } from '../views/journal-view.ts';

export const TIERS: readonly RetentionTier[] = [
  { everyMs: 0, forMs: 3000 },
  { everyMs: 1000, forMs: 60_000 },
  { everyMs: 60_000, forMs: 3_600_000 },
];
const DAY_MS = 86_400_000;
/** Between two cuts; most are close, some skip tiers. */
const STEPS_MS = [0, 100, 100, 300, 700, 1000, 20_000, 3_000_000];

export interface ModelPoint extends CutClocks {
  readonly epoch: number;
  readonly consistency: Consistency;
  readonly timelineMs: number;
  readonly disks: readonly Buffer[];
}

interface ModelLock {
  readonly epoch: number;
  readonly untilMs: number;
  /** In `openMs` of the clock. */
  readonly untilOpenMs: number;
}

/** The clocks of the replication server: one that is set now and then, and one that only runs. */
export class ModelClock implements Clock {
  wallMs = 1_700_000_000_000;
  #monotonicMs = 5000;
  /** For how long journals were open in all. */
  openMs = 0;

  nowMs(): number {
    return this.wallMs;
  }

  monotonicNs(): bigint {
    return BigInt(this.#monotonicMs) * 1_000_000n;
  }

  async sleep(durationMs: number): Promise<void> {
    this.pass(durationMs);
  }

  pass(durationMs: number): void {
    this.wallMs += durationMs;
    this.#monotonicMs += durationMs;
    this.openMs += durationMs;
  }

  /** The machine was started again. */
  restart(random: Random): void {
    this.#monotonicMs = random.integer(100_000);
  }
}

export class RetentionModel {
  readonly clock = new ModelClock();
  points = new Map<number, ModelPoint>();
  /**
   * Points that may be gone, by attempt that failed half-way since the last one that did not: all of one
   * attempt or none. What an attempt wrote may come to light at any later start, also after another one.
   */
  pendingDrops: (readonly number[])[] = [];
  /** The epoch that was handed over and not acknowledged. */
  tried: ModelPoint | undefined;
  lastEpoch = 0;
  pins: readonly string[] = [];
  /** What the pins are when a change that failed took place after all. */
  otherPins: string[] = [];
  locks: ModelLock[] = [];
  views: { readonly view: JournalView; readonly point: ModelPoint }[] = [];
  readonly #random: Random;
  #wallMs = 1_650_000_000_000;
  #monotonicMs = 1000;

  constructor(random: Random) {
    this.#random = random;
  }

  get newest(): ModelPoint | undefined {
    return this.points.get(this.lastEpoch);
  }

  /** The next cut of a source that is started anew, and whose wall clock is set, at times. */
  nextCut(): CutClocks & { readonly timelineMs: number } {
    const stepMs = STEPS_MS[this.#random.integer(STEPS_MS.length)] ?? 0;
    const event = this.#random.integer(15);
    this.#wallMs += stepMs + (event === 0 ? -5 * DAY_MS : event === 1 ? 5 * DAY_MS : 0);
    this.#monotonicMs = event === 2 ? 1 : this.#monotonicMs + stepMs;
    const cutMonotonicNs = BigInt(this.#monotonicMs) * 1_000_000n + 123_456n;
    const clocks = { cutTimeMs: this.#wallMs, cutMonotonicNs };
    const { newest } = this;
    const timelineMs = newest === undefined ? this.#wallMs : newest.timelineMs + elapsedMs(newest, clocks);
    return { ...clocks, timelineMs };
  }

  acknowledge(point: ModelPoint): void {
    assert.equal(point.epoch, this.lastEpoch + 1);
    this.points.set(point.epoch, point);
    this.lastEpoch = point.epoch;
    this.tried = undefined;
  }

  /** What thinning leaves, by the definition: of every point on its own. */
  kept(locks: readonly PointLock[]): ReadonlySet<number> {
    const points = [...this.points.values()];
    const nowMs = points.at(-1)?.timelineMs ?? 0;
    const isCut = ({ consistency }: ModelPoint) => consistency === 'CRASH_CONSISTENT';
    const held = new Set([
      ...this.pins.map((pin) => Number(pin.split(' ')[0])),
      ...locks.map(({ epoch }) => epoch),
      ...this.views.map(({ point }) => point.epoch),
      ...[points.at(-1), points.findLast(isCut)].map((point) => point?.epoch ?? 0),
    ]);
    const kept = points.filter((point) => {
      const tier = TIERS[tierOf(TIERS, point.timelineMs, nowMs)];
      if (tier === undefined || tier.everyMs === 0) return tier !== undefined;
      const intervalOf = ({ timelineMs }: ModelPoint) => Math.floor(timelineMs / tier.everyMs);
      const mates = points.filter((mate) => intervalOf(mate) === intervalOf(point));
      return (mates.find(isCut) ?? mates[0]) === point;
    });
    return new Set([...held, ...kept.map(({ epoch }) => epoch)]);
  }

  /** What is listed is what should be; points whose dropping failed are gone all or none. */
  agreeWith(group: JournalGroup): void {
    const { tried } = this;
    if (tried !== undefined && group.lastEpoch === tried.epoch) this.acknowledge(tried);
    this.tried = undefined;
    assert.equal(group.lastEpoch, this.lastEpoch, 'J2: what was acknowledged is there, and nothing else');
    const listed = group.recoveryPoints({ limit: 10_000 }).toReversed();
    const gone = [...this.points.keys()].filter((epoch) => !listed.some((point) => point.epoch === epoch));
    const isPending = gone.length > 0 && this.pendingDrops.some((drops) => String(drops) === String(gone));
    if (isPending) for (const epoch of gone) this.points.delete(epoch);
    if (isPending) this.pendingDrops = [];
    const expected = [...this.points.values()].map(({ epoch, cutTimeMs, consistency }) => ({
      ...{ epoch, cutTimeMs, consistency },
    }));
    assert.deepEqual(listed, expected, 'J3: points go only as the policy says');
    this.agreeOnNames(group);
  }

  /** Pins are those that were set; no lock ended before its time, whatever the wall clock was. */
  agreeOnNames(group: JournalGroup): void {
    const pins = group.pins.map(({ epoch, name }) => `${epoch} ${name}`);
    if (this.otherPins.includes(JSON.stringify(pins))) this.pins = pins;
    assert.deepEqual(pins, this.pins);
    const locked = new Set(group.locks.map(({ epoch }) => epoch));
    const { wallMs, openMs } = this.clock;
    this.locks = this.locks.filter((lock) => wallMs < lock.untilMs || openMs < lock.untilOpenMs);
    for (const lock of this.locks) {
      assert.ok(locked.has(lock.epoch), `the lock of ${lock.epoch} ended early`);
    }
  }
}
