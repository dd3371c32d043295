/**
 * A source that is asked again while it cannot be read: nothing is lost meanwhile, and the state says why.
 */
import type { CapturedExtent, Cut, EpochSource } from '@landfall/capture';
import { AssertionFailure, type Backoff, type Clock, type Random, retry } from '@landfall/runtime';

export const SOURCE_BACKOFF: Backoff = { initialMs: 250, maximumMs: 30_000 };
/** Months of trying; then the session fails and a new one begins. */
export const SOURCE_ATTEMPTS_MAX = 1_000_000;

export interface StallingSourceOptions {
  readonly source: EpochSource;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly random?: Random | undefined;
  readonly onFailure: (error: unknown) => void;
  readonly onAnswer: () => void;
}

export class StallingSource {
  readonly #options: StallingSourceOptions;

  constructor(options: StallingSourceOptions) {
    this.#options = options;
  }

  takeBulk(bytesMax: number, signal: AbortSignal): Promise<readonly CapturedExtent[]> {
    return this.#untilAnswered(() => this.#options.source.takeBulk(bytesMax), signal);
  }

  nextCut(waitMs: number, signal: AbortSignal): Promise<Cut | undefined> {
    return this.#untilAnswered(() => this.#options.source.nextCut({ waitMs, signal }), signal);
  }

  async #untilAnswered<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    const { clock, backoff, random, onFailure, onAnswer } = this.#options;
    const answer = await retry(ask, {
      attemptsMax: SOURCE_ATTEMPTS_MAX,
      backoff,
      signal,
      clock,
      ...(random === undefined ? {} : { random }),
      isRetryable: (error) => !(error instanceof AssertionFailure),
      onRetry: onFailure,
    });
    onAnswer();
    return answer;
  }
}
