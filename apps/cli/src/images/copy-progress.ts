/** How far several copies of disks, one after the other, are, and when they will have ended. */
import type { Clock } from '@landfall/runtime';
import type { Progress } from '../terminal/progress.ts';

/** Before this much is done nothing can be said of the rest. */
const ETA_FRACTION_MIN = 0.02;

export class CopyProgress {
  readonly #progress: Progress;
  readonly #clock: Clock;
  readonly #totalBytes: number;
  readonly #beganNs: bigint;
  #doneBytes = 0;

  constructor(progress: Progress, clock: Clock, totalBytes: number) {
    this.#progress = progress;
    this.#clock = clock;
    this.#totalBytes = totalBytes;
    this.#beganNs = clock.monotonicNs();
  }

  show(disk: { readonly deviceName: string; readonly sizeBytes: number }, fraction: number): void {
    const done = (this.#doneBytes + disk.sizeBytes * fraction) / Math.max(1, this.#totalBytes);
    const elapsedMs = Number(this.#clock.monotonicNs() - this.#beganNs) / 1e6;
    const eta = done < ETA_FRACTION_MIN ? {} : { etaMs: (elapsedMs / done) * (1 - done) };
    this.#progress.show({ label: disk.deviceName, fraction: done, ...eta });
  }

  ended({ sizeBytes }: { readonly sizeBytes: number }): void {
    this.#doneBytes += sizeBytes;
  }
}
