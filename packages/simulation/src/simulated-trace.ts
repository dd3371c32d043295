/** The kernel's tracing of the simulated disks, with what may go wrong in it. */
import type { BlockEvent, TraceDrain, TraceSource, WantsRead } from '@landfall/capture';
import { type Clock, OperationError } from '@landfall/runtime';
import type { SourceDisks } from './source-disks.ts';
import { COMMIT_LATE_NS_MAX } from './traced-events.ts';

/**
 * After so long a request that was issued shows in the kernel's count, however late its event was committed.
 */
const UNCOUNTED_NS = 2 * COMMIT_LATE_NS_MAX;
/** How often a disk that was idle once is looked at again. */
const IDLE_INTERVAL_NS = 1e9;

export interface SimulatedTraceOptions {
  readonly disks: SourceDisks;
  readonly clock: Clock;
  readonly baseNs: bigint;
}

export class SimulatedTrace implements TraceSource {
  readonly counts = { events: 0, lost: 0, passthrough: 0 };
  /** What the engine has to keep: handed over since the last drain that was complete. */
  handedSinceComplete = 0;
  /** The next drain finds that the buffer overflowed. */
  overflows = false;
  /** The next drain doubts what it saw. */
  doubt: string | undefined;
  /** So many starts fail. */
  startFailures = 0;
  /** The next drain fails. */
  drainFails = false;
  readonly #options: SimulatedTraceOptions;
  #startedNs: number | undefined;
  #idleDueNs: number[] = [];

  constructor(options: SimulatedTraceOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.startFailures > 0) {
      this.startFailures -= 1;
      throw new OperationError('TRACEFS_UNAVAILABLE', 'the simulated kernel does not let us trace');
    }
    const nowNs = this.#look();
    this.#options.disks.traced.discard(nowNs);
    this.#startedNs = nowNs;
    this.#idleDueNs = this.#options.disks.sectorCounts.map(() => nowNs + UNCOUNTED_NS);
  }

  drain(wantsRead: WantsRead): TraceDrain {
    const nowNs = this.#look();
    if (this.drainFails) {
      this.drainFails = false;
      throw new OperationError('TRACEFS_UNAVAILABLE', 'the simulated trace cannot be read');
    }
    const doubt = this.#findDoubt(nowNs);
    if (doubt !== undefined) return { events: [], completeThroughNs: undefined, idle: [], doubt };
    const { events, complete } = this.#options.disks.traced.take(nowNs);
    this.counts.events += events.length;
    this.handedSinceComplete = events.length + (complete ? 0 : this.handedSinceComplete);
    const wanted = (event: BlockEvent) =>
      event.operation !== 'read' || wantsRead(event.diskIndex, event.sector, event.sectorCount);
    return {
      events: events.filter(wanted),
      completeThroughNs: complete ? nowNs : undefined,
      idle: this.#lookForIdle(nowNs),
      doubt: undefined,
    };
  }

  stop(): void {
    this.#startedNs = undefined;
  }

  #findDoubt(nowNs: number): string | undefined {
    if (this.#startedNs === undefined) throw new Error('a trace source is drained while it runs');
    if (this.overflows) {
      this.overflows = false;
      this.counts.lost += this.#options.disks.traced.discard(nowNs);
      return 'the trace buffer overflowed';
    }
    const { doubt } = this;
    this.doubt = undefined;
    return doubt;
  }

  #lookForIdle(nowNs: number): TraceDrain['idle'] {
    return this.#idleDueNs.flatMap((dueNs, diskIndex) => {
      if (nowNs < dueNs || !this.#options.disks.isIdle(diskIndex, nowNs)) return [];
      this.#idleDueNs[diskIndex] = nowNs + IDLE_INTERVAL_NS;
      return [{ diskIndex, atNs: nowNs, issuedBeforeNs: nowNs - UNCOUNTED_NS }];
    });
  }

  #look(): number {
    const { disks, clock, baseNs } = this.#options;
    const nowNs = Number(clock.monotonicNs() - baseNs);
    disks.planThrough(nowNs);
    return nowNs;
  }
}
