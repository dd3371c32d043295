/**
 * What is measured at the source while it is replicated, by looking on: how fast its disks change, and what
 * our bulk reads do to its writes. It wraps the trace, which it only watches, and the reader for bulk,
 * which it slows down when the impact budget asks for it.
 */
import type { Clock } from '@landfall/runtime';
import { type Churn, ChurnMeter } from '../churn/churn-meter.ts';
import { BULK_READS_AT_ONCE_MAX, createGentleReader } from '../impact/gentle-reader.ts';
import { IMPACT_BUDGET_PERCENT_DEFAULT, ImpactBudget, type ImpactStatus } from '../impact/impact-budget.ts';
import { WriteLatency } from '../impact/write-latency.ts';
import type { DiskReader, TraceDrain, TraceSource } from '../tracing/trace-source.ts';

export interface MeteredSource {
  readonly sizesBytes: readonly number[];
  readonly trace: TraceSource;
  readonly reader: DiskReader;
  readonly clock: Clock;
  readonly baseNs: bigint;
}

interface Attached {
  readonly churn: ChurnMeter;
  readonly latency: WriteLatency;
  readonly budget: ImpactBudget;
}

/** For one engine; to be attached once. */
export class SourceMeters {
  #attached: Attached | undefined;
  #budgetPercent: number;

  constructor(impactBudgetPercent = IMPACT_BUDGET_PERCENT_DEFAULT) {
    this.#budgetPercent = impactBudgetPercent;
  }

  /** Per cent by which bulk reads may lengthen the workload's writes; 0: no limit. */
  setImpactBudget(percent: number): void {
    this.#budgetPercent = percent;
    if (this.#attached !== undefined) this.#attached.budget.budgetPercent = percent;
  }

  attach(source: MeteredSource): { readonly trace: TraceSource; readonly bulkReader: DiskReader } {
    const { trace, reader, clock, baseNs } = source;
    const nowNs = Number(clock.monotonicNs() - baseNs);
    const churn = new ChurnMeter(source.sizesBytes, nowNs);
    const latency = new WriteLatency(nowNs);
    const budget = new ImpactBudget(
      Math.min(BULK_READS_AT_ONCE_MAX, reader.readsInFlightMax),
      this.#budgetPercent,
    );
    this.#attached = { churn, latency, budget };
    const watched = watchTrace(trace, (drain) => this.#observe(drain));
    const recent = () => churn.recentBytesPerSecond;
    const bulkReader = createGentleReader({ reader, budget, latency, churn: recent, clock, baseNs });
    return { trace: watched, bulkReader };
  }

  churn(): Churn {
    return this.#attached?.churn.churn() ?? { windows: [], places: [] };
  }

  /** `undefined` while there is no limit. */
  impact(): (ImpactStatus & { readonly budgetPercent: number }) | undefined {
    if (this.#budgetPercent === 0 || this.#attached === undefined) return undefined;
    return { ...this.#attached.budget.status, budgetPercent: this.#budgetPercent };
  }

  #observe({ events, completeThroughNs }: TraceDrain): void {
    if (this.#attached === undefined) return;
    const { churn, latency, budget } = this.#attached;
    churn.add(events);
    if (completeThroughNs !== undefined) churn.advance(completeThroughNs);
    for (const sample of latency.add(events)) budget.observe(sample.latencyNs, sample.whileReading);
  }
}

function watchTrace(trace: TraceSource, onDrain: (drain: TraceDrain) => void): TraceSource {
  return {
    start: () => trace.start(),
    drain: (wantsRead) => {
      const drain = trace.drain(wantsRead);
      onDrain(drain);
      return drain;
    },
    stop: () => trace.stop(),
    get counts() {
      return trace.counts;
    },
  };
}
