/**
 * The kernel's trace buffers: one for each CPU. An event carries the time at which it was taken, is committed
 * then or later (its CPU was taken away in between), and can be read then or later (it hides behind one that
 * is unfinished, and so does everything behind it on the same CPU).
 */
import type { BlockEvent } from '@landfall/capture';
import type { Random } from '@landfall/runtime';

const CPU_COUNT = 3;
/** No commit is later than this after the time it carries. */
export const COMMIT_LATE_NS_MAX = 3e6;
const HIDDEN_NS_MAX = 8e6;

interface TracedEvent {
  readonly event: BlockEvent;
  readonly commitNs: number;
  readonly readableNs: number;
}

export class TracedEvents {
  readonly #random: Random;
  readonly #cpus: TracedEvent[][] = Array.from({ length: CPU_COUNT }, () => []);
  /** Events whose time was behind another's that was drained before, or that hid others. */
  lateCount = 0;
  hiddenCount = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The time of its commit: only then does the device, or whoever waits, see the request. */
  add(event: BlockEvent): number {
    const random = this.#random;
    const isLate = random.integer(12) === 0;
    const isHidden = random.integer(40) === 0;
    const commitNs = event.timeNs + (isLate ? random.integer(COMMIT_LATE_NS_MAX) : 0);
    const readableNs = commitNs + (isHidden ? random.integer(HIDDEN_NS_MAX) : 0);
    if (isLate) this.lateCount += 1;
    if (isHidden) this.hiddenCount += 1;
    const cpu = this.#cpus[random.integer(CPU_COUNT)] ?? [];
    let at = cpu.length;
    while (at > 0 && (cpu[at - 1]?.commitNs ?? 0) > commitNs) at -= 1;
    cpu.splice(at, 0, { event, commitNs, readableNs });
    return commitNs;
  }

  /** Takes what can be read by `nowNs`; `complete` when nothing that was committed stays behind. */
  take(nowNs: number): { readonly events: BlockEvent[]; readonly complete: boolean } {
    const events: BlockEvent[] = [];
    let complete = true;
    for (const cpu of this.#cpus) {
      let count = 0;
      for (; count < cpu.length; count += 1) {
        const next = cpu[count];
        if (next === undefined || next.commitNs > nowNs) break;
        if (next.readableNs > nowNs) {
          complete = false;
          break;
        }
        events.push(next.event);
      }
      cpu.splice(0, count);
    }
    return { events, complete };
  }

  /** What was committed is gone, readable or not. */
  discard(nowNs: number): number {
    let count = 0;
    for (const [index, cpu] of this.#cpus.entries()) {
      const rest = cpu.filter(({ commitNs }) => commitNs > nowNs);
      count += cpu.length - rest.length;
      this.#cpus[index] = rest;
    }
    return count;
  }
}
