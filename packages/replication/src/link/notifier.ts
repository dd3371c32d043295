/**
 * Something changed, look again: waiting for a condition without polling. Check, then wait, without an
 * await between.
 */
import type { Clock } from '@landfall/runtime';
import { followSignal } from './follow-signal.ts';

export class Notifier {
  readonly #waiting = new Set<() => void>();

  notify(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves at the next `notify`; rejects with the signal's reason when aborted. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      const wake = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(wake);
    });
  }

  /** Resolves at the next `notify` or after `durationMs`, whichever is first. */
  async waitFor(durationMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
    const followed = followSignal(signal);
    const either = [this.wait(followed.signal), clock.sleep(durationMs, followed.signal)];
    const settled = Promise.allSettled(either);
    try {
      await Promise.race(either);
    } finally {
      followed.end();
      await settled;
    }
  }
}
