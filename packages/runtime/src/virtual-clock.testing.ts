/**
 * Time that passes only when nothing else can happen. `settle` drains everything that is ready (promises,
 * stream ticks), then jumps to the next sleeper: minutes of replication take milliseconds, in an order that
 * depends on nothing outside.
 *
 * Sleepers are a binary heap by time, then by the order in which they went to sleep; one that is aborted
 * stays in it and is passed over.
 */
import type { Clock } from './clock.ts';

interface Sleeper {
  readonly atNs: number;
  readonly order: number;
  /** Absent when it was aborted. */
  wake: (() => void) | undefined;
}

const START_MS = 1_700_000_000_000;
const START_NS = 1_000_000_000;
/** Work in other threads (compression) may keep everybody waiting without a sleeper, but not for ever. */
const ROUNDS_WITHOUT_SLEEPER_MAX = 20_000_000;

export class VirtualClock implements Clock {
  /** Safe for 104 days. */
  #nowNs = START_NS;
  readonly #sleepers: Sleeper[] = [];
  #order = 0;

  /** Since its beginning; looking does not move it. */
  get elapsedMs(): number {
    return (this.#nowNs - START_NS) / 1e6;
  }

  nowMs(): number {
    return START_MS + Math.floor(this.#nowNs / 1e6);
  }

  /** Never the same twice. */
  monotonicNs(): bigint {
    this.#nowNs += 1;
    return BigInt(this.#nowNs);
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        sleeper.wake = undefined;
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#order += 1;
      const atNs = this.#nowNs + Math.max(0, Math.round(durationMs * 1e6));
      const sleeper: Sleeper = { atNs, order: this.#order, wake };
      this.#push(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets time pass until the promise settles; fails when it has not after `limitMs` of virtual time. */
  async settle<Result>(promise: Promise<Result>, limitMs: number): Promise<Result> {
    let settled = false;
    const watched = Promise.allSettled([promise]).then(() => {
      settled = true;
    });
    const limitNs = this.#nowNs + limitMs * 1e6;
    let rounds = 0;
    for (;;) {
      await everythingReady();
      if (settled) break;
      if (this.#nowNs > limitNs) throw new Error(`nothing came of it within ${limitMs} virtual ms`);
      rounds = this.#wakeNext() ? 0 : rounds + 1;
      if (rounds > ROUNDS_WITHOUT_SLEEPER_MAX) throw new Error('everybody waits for ever');
    }
    await watched;
    return promise;
  }

  #wakeNext(): boolean {
    for (let next = this.#pop(); next !== undefined; next = this.#pop()) {
      if (next.wake === undefined) continue;
      if (next.atNs > this.#nowNs) this.#nowNs = next.atNs;
      next.wake();
      return true;
    }
    return false;
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#sleepers;
    let at = heap.length;
    while (at > 0) {
      const parentAt = (at - 1) >>> 1;
      const parent = heap[parentAt];
      if (parent === undefined || isBefore(parent, sleeper)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = sleeper;
  }

  #pop(): Sleeper | undefined {
    const heap = this.#sleepers;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return first;
  }

  /** Puts the sleeper where it belongs, beginning at the top. */
  #sink(sleeper: Sleeper): void {
    const heap = this.#sleepers;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      if (left === undefined) break;
      const right = heap[2 * at + 2];
      const takesRight = right !== undefined && isBefore(right, left);
      const child = takesRight ? right : left;
      if (isBefore(sleeper, child)) break;
      heap[at] = child;
      at = 2 * at + (takesRight ? 2 : 1);
    }
    heap[at] = sleeper;
  }
}

/** Resolves when no promise and no tick is left to run. */
function everythingReady(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function isBefore(left: Sleeper, right: Sleeper): boolean {
  return left.atNs < right.atNs || (left.atNs === right.atNs && left.order < right.order);
}
