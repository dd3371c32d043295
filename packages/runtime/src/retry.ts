/** The only place that retries. Every loop has a named maximum and a growing, jittered delay. */
import { type Clock, systemClock } from './clock.ts';
import { type Random, systemRandom } from './random.ts';

export interface Backoff {
  readonly initialMs: number;
  readonly maximumMs: number;
}

export const DEFAULT_BACKOFF: Backoff = { initialMs: 100, maximumMs: 10_000 };

/** Exponential delay for `attempt` (0, 1, 2 …), jittered into [half, full]. */
export function backoffDelayMs(backoff: Backoff, attempt: number, random: Random = systemRandom): number {
  const full = Math.min(backoff.maximumMs, backoff.initialMs * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + random.integer(1_000_000) * (full / 2_000_000));
}

export interface RetryOptions {
  readonly attemptsMax: number;
  readonly backoff?: Backoff;
  readonly signal?: AbortSignal;
  readonly isRetryable?: (error: unknown) => boolean;
  readonly onRetry?: (error: unknown, attempt: number) => void;
  readonly clock?: Clock;
  /** Of the jitter. */
  readonly random?: Random;
}

export async function retry<Result>(
  operation: () => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  const { attemptsMax, backoff = DEFAULT_BACKOFF, clock = systemClock } = options;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await operation();
    } catch (error) {
      const retryable = options.isRetryable?.(error) ?? true;
      if (!retryable || attempt + 1 >= attemptsMax || options.signal?.aborted) throw error;
      options.onRetry?.(error, attempt);
      await clock.sleep(backoffDelayMs(backoff, attempt, options.random), options.signal);
    }
  }
}
