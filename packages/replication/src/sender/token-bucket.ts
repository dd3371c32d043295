/**
 * Caps a flow of bytes. Tokens grow with time up to BURST_MS worth; whoever takes may bring the bucket into
 * debt and the next one waits until it is paid, so that any size passes and the average holds. The rate may
 * change at any time.
 */
import type { Clock } from '@landfall/runtime';

export const BURST_MS = 100;
/** The longest sleep before the rate is looked at again. */
const SLICE_MS_MAX = 100;

export class TokenBucket {
  readonly #clock: Clock;
  #bytesPerSecond: number;
  #tokens = 0;
  #filledNs: bigint;

  /** 0: no cap. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#filledNs = clock.monotonicNs();
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  set bytesPerSecond(bytesPerSecond: number) {
    this.#fill();
    this.#bytesPerSecond = bytesPerSecond;
  }

  async take(bytes: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#bytesPerSecond === 0) {
        this.#tokens = 0;
        return;
      }
      this.#fill();
      if (this.#tokens >= 0) break;
      const waitMs = (-this.#tokens / this.#bytesPerSecond) * 1000;
      await this.#clock.sleep(Math.min(SLICE_MS_MAX, Math.max(1, Math.ceil(waitMs))), signal);
    }
    this.#tokens -= bytes;
  }

  #fill(): void {
    const nowNs = this.#clock.monotonicNs();
    const elapsedMs = Number(nowNs - this.#filledNs) / 1e6;
    this.#filledNs = nowNs;
    const burst = (this.#bytesPerSecond * BURST_MS) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + (elapsedMs / 1000) * this.#bytesPerSecond);
  }
}
