/**
 * Time that passes only when nothing else can happen. `settle` drains everything that is ready (promises,
 * stream ticks), then jumps to the next sleeper: minutes of replication take milliseconds, in an order that
 * depends on nothing outside.
 */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@landfall/runtime';

interface Sleeper {
  readonly atNs: bigint;
  readonly order: number;
  readonly wake: () => void;
}

const START_MS = 1_700_000_000_000;

export class VirtualClock implements Clock {
  #nowNs = 1_000_000_000n;
  #sleepers: Sleeper[] = [];
  #order = 0;

  nowMs(): number {
    return START_MS + Number(this.#nowNs / 1_000_000n);
  }

  /** Never the same twice. */
  monotonicNs(): bigint {
    this.#nowNs += 1n;
    return this.#nowNs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((candidate) => candidate !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const atNs = this.#nowNs + BigInt(Math.max(0, Math.round(durationMs * 1e6)));
      this.#order += 1;
      const sleeper: Sleeper = { atNs, order: this.#order, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets time pass until the promise settles; fails when it has not after `limitMs` of virtual time. */
  async settle<Result>(promise: Promise<Result>, limitMs: number): Promise<Result> {
    let settled = false;
    const watched = Promise.allSettled([promise]).then(() => {
      settled = true;
    });
    const limitNs = this.#nowNs + BigInt(limitMs) * 1_000_000n;
    for (;;) {
      await setImmediate();
      if (settled) break;
      if (this.#nowNs > limitNs) throw new Error(`nothing came of it within ${limitMs} virtual ms`);
      this.#wakeNext();
    }
    await watched;
    return promise;
  }

  #wakeNext(): void {
    const [first, ...rest] = this.#sleepers;
    if (first === undefined) return;
    const next = rest.reduce((best, candidate) => (isBefore(candidate, best) ? candidate : best), first);
    this.#sleepers = this.#sleepers.filter((candidate) => candidate !== next);
    if (next.atNs > this.#nowNs) this.#nowNs = next.atNs;
    next.wake();
  }
}

function isBefore(left: Sleeper, right: Sleeper): boolean {
  return left.atNs < right.atNs || (left.atNs === right.atNs && left.order < right.order);
}
