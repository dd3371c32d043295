/**
 * How long the workload's writes take, from their issue to their completion in the trace, told apart by
 * whether bulk reads of ours were under way. A write that saw both, or whose end came in parts, says
 * nothing and is left out.
 */
import type { BlockEvent } from '../tracing/block-event.ts';

/** Writes followed at once: more than any queue is deep. Beyond that, completions were missed: begin anew. */
const FOLLOWED_MAX = 1024;
/** Writes of one drain that are followed: enough to know, and no burden at 20,000 a second. */
const FOLLOWED_A_DRAIN_MAX = 32;
/** Quiet times remembered; events come out of the trace within tens of milliseconds. */
const QUIET_TIMES_MAX = 64;
const DISKS_MAX = 64;

interface QuietTime {
  readonly fromNs: number;
  untilNs: number;
}

export interface LatencySample {
  readonly latencyNs: number;
  readonly whileReading: boolean;
}

export class WriteLatency {
  readonly #issuedNs = new Map<number, number>();
  readonly #quiet: QuietTime[];

  /** Nothing is being read at first. Times are those of the events. */
  constructor(nowNs: number) {
    this.#quiet = [{ fromNs: nowNs, untilNs: Number.POSITIVE_INFINITY }];
  }

  readingBegan(nowNs: number): void {
    const last = this.#quiet.at(-1);
    if (last !== undefined && last.untilNs > nowNs) last.untilNs = nowNs;
  }

  readingEnded(nowNs: number): void {
    this.#quiet.push({ fromNs: nowNs, untilNs: Number.POSITIVE_INFINITY });
    if (this.#quiet.length > QUIET_TIMES_MAX) this.#quiet.shift();
  }

  /** The latencies that became known. */
  add(events: readonly BlockEvent[]): readonly LatencySample[] {
    const samples: LatencySample[] = [];
    let followed = 0;
    if (this.#issuedNs.size >= FOLLOWED_MAX) this.#issuedNs.clear();
    for (const event of events) {
      if (event.operation !== 'write') continue;
      const key = event.sector * DISKS_MAX + event.diskIndex;
      const issuedNs = this.#issuedNs.get(key);
      if (event.kind !== 'issue') this.#issuedNs.delete(key);
      else if (followed < FOLLOWED_A_DRAIN_MAX) {
        this.#issuedNs.set(key, event.timeNs);
        followed += 1;
      }
      if (event.kind !== 'complete' || issuedNs === undefined) continue;
      const whileReading = this.#sawReading(issuedNs, event.timeNs);
      if (whileReading !== undefined) samples.push({ latencyNs: event.timeNs - issuedNs, whileReading });
    }
    return samples;
  }

  /** `undefined`: for a part of its time only. */
  #sawReading(fromNs: number, untilNs: number): boolean | undefined {
    const oldest = this.#quiet[0];
    if (oldest === undefined || fromNs < oldest.fromNs) return undefined;
    const touched = this.#quiet.find((quiet) => quiet.fromNs <= untilNs && fromNs <= quiet.untilNs);
    if (touched === undefined) return true;
    return touched.fromNs <= fromNs && untilNs <= touched.untilNs ? false : undefined;
  }
}
