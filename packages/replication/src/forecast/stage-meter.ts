/**
 * What sending in bulk waits for, and how fast it goes meanwhile: the stages run one behind the other, so
 * the one that is waited for longest is the bottleneck, and what passes all of them is the capacity.
 * Samples of about a second of work; time without bulk is not counted. A change of what limits (cap, kind
 * of transfer) begins anew.
 */
import type { Bottleneck } from '@landfall/model';
import type { Clock } from '@landfall/runtime';

const SAMPLE_MS = 1000;
const SAMPLES_MAX = 300;
/** The bottleneck is that of this many newest samples. */
const RECENT = 20;
/** A store that kept its receiver waiting for this share of the time is what the link waited for. */
const STAGING_SHARE = 0.5;

interface Sample {
  readonly bytesPerSecond: number;
  readonly durationMs: number;
  readonly waitedMs: ReadonlyMap<Bottleneck, number>;
}

/** What a replication server says of its store, in total since the connection began. */
export interface StagingFacts {
  readonly storedBytes: number;
  readonly storeBusyMs: number;
}

export class StageMeter {
  readonly #clock: Clock;
  #samples: Sample[] = [];
  #waitedMs = new Map<Bottleneck, number>();
  #bytes = 0;
  #workedMs = 0;
  #markMs: number | undefined;
  #staging: { readonly facts: StagingFacts; readonly atMs: number } | undefined;
  #storeBusyShare = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get bytesPerSecond(): readonly number[] {
    return this.#samples.map(({ bytesPerSecond }) => bytesPerSecond);
  }

  /** Seconds of work that a sample stands for; 1 before there is one. */
  get sampleSeconds(): number {
    if (this.#samples.length === 0) return SAMPLE_MS / 1000;
    return this.#samples.reduce((sum, { durationMs }) => sum + durationMs, 0) / this.#samples.length / 1000;
  }

  get bottleneck(): Bottleneck {
    const totals = new Map<Bottleneck, number>();
    for (const { waitedMs } of this.#samples.slice(-RECENT)) {
      for (const [stage, ms] of waitedMs) totals.set(stage, (totals.get(stage) ?? 0) + ms);
    }
    const [longest] = [...totals].sort(([, left], [, right]) => right - left);
    const stage = longest?.[0] ?? 'SOURCE_READ';
    return stage === 'LINK' && this.#storeBusyShare >= STAGING_SHARE ? 'STAGING_WRITE' : stage;
  }

  /** Bulk begins: from here on time counts. */
  begin(): void {
    this.#markMs = this.#nowMs();
  }

  /** So many bytes of disk went through all stages. */
  passed(bytes: number): void {
    const nowMs = this.#nowMs();
    this.#workedMs += nowMs - (this.#markMs ?? nowMs);
    this.#markMs = nowMs;
    this.#bytes += bytes;
    if (this.#workedMs >= SAMPLE_MS) this.#closeSample();
  }

  async time<Result>(stage: Bottleneck, work: Promise<Result>): Promise<Result> {
    const beganMs = this.#nowMs();
    try {
      return await work;
    } finally {
      this.#waitedMs.set(stage, (this.#waitedMs.get(stage) ?? 0) + this.#nowMs() - beganMs);
    }
  }

  onStaging(facts: StagingFacts): void {
    const atMs = this.#nowMs();
    const before = this.#staging;
    this.#staging = { facts, atMs };
    if (before === undefined || before.facts.storeBusyMs > facts.storeBusyMs) return;
    this.#storeBusyShare = (facts.storeBusyMs - before.facts.storeBusyMs) / Math.max(1, atMs - before.atMs);
  }

  reset(): void {
    this.#samples = [];
    this.#clearOpen();
  }

  #closeSample(): void {
    this.#samples.push({
      bytesPerSecond: (this.#bytes * 1000) / this.#workedMs,
      durationMs: this.#workedMs,
      waitedMs: this.#waitedMs,
    });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    this.#clearOpen();
  }

  #clearOpen(): void {
    this.#waitedMs = new Map();
    this.#bytes = 0;
    this.#workedMs = 0;
  }

  #nowMs(): number {
    return Number(this.#clock.monotonicNs()) / 1e6;
  }
}
