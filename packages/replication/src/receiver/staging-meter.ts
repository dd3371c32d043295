/**
 * How much a receiver gave its store, and for how long it had to wait for it: what the agent cannot see
 * from afar.
 */
import type { Clock } from '@landfall/runtime';
import type { StagingFacts } from '../forecast/stage-meter.ts';

export class StagingMeter {
  readonly #clock: Clock;
  #storedBytes = 0;
  #busyNs = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get facts(): StagingFacts {
    return { storedBytes: this.#storedBytes, storeBusyMs: Number(this.#busyNs / 1_000_000n) };
  }

  async time(bytes: number, work: Promise<void>): Promise<void> {
    const beganNs = this.#clock.monotonicNs();
    await work;
    this.#busyNs += this.#clock.monotonicNs() - beganNs;
    this.#storedBytes += bytes;
  }
}
