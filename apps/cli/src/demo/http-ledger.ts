/** Reading the ledger's pages from outside, and watching how far the source server has got. */
import { every, OperationError, systemClock } from '@landfall/runtime';
import type { LedgerProof } from './ledger-proof.ts';

const REQUEST_TIMEOUT_MS = 5000;
const POLL_MS = 500;
const SAMPLE_INTERVAL_MS = 250;
const SAMPLES_MAX = 20_000;

/** The page as JSON, or `undefined` while nothing (good) answers. */
export async function fetchJson<Page>(url: string): Promise<Page | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    return response.ok ? ((await response.json()) as Page) : undefined;
  } catch {
    // Not up yet; the caller polls and has the deadline.
    return undefined;
  }
}

export interface WaitOptions {
  readonly what: string;
  readonly timeoutMs: number;
  /** Checked on every round; throws when waiting has become pointless. */
  readonly check?: () => void;
}

/** Polls until `find` has an answer. Errors: DEMO_FAILED when there is none in time. */
export async function waitFor<Found>(
  find: () => Promise<Found | undefined>,
  options: WaitOptions,
): Promise<Found> {
  const deadlineMs = systemClock.nowMs() + options.timeoutMs;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    options.check?.();
    if (systemClock.nowMs() > deadlineMs) {
      throw new OperationError(
        'DEMO_FAILED',
        `${options.what} did not happen within ${options.timeoutMs / 1000} s`,
      );
    }
    await systemClock.sleep(POLL_MS);
  }
}

export function waitForProof(url: string, timeoutMs: number): Promise<LedgerProof> {
  return waitFor(() => fetchJson<LedgerProof>(`${url}/proof.json`), {
    what: `HTTP 200 from ${url}`,
    timeoutMs,
  });
}

interface Sample {
  readonly timeMs: number;
  readonly committed: number;
}

/** How far the source's ledger was at which time: what a machine launched at that time may show. */
export class LedgerWatch {
  readonly #url: string;
  readonly #samples: Sample[] = [];
  #stop: (() => void) | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  start(): void {
    this.#stop = every(
      SAMPLE_INTERVAL_MS,
      () => this.#sample(),
      () => undefined,
    );
  }

  stop(): void {
    this.#stop?.();
  }

  async #sample(): Promise<void> {
    const page = await fetchJson<{ committed: number }>(`${this.#url}/status.json`);
    if (page === undefined) return;
    this.#samples.push({ timeMs: systemClock.nowMs(), committed: page.committed });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /** The numbers committed around `timeMs`, give or take `toleranceMs` (clocks, polling). */
  rangeAround(timeMs: number, toleranceMs: number): { committedMin: number; committedMax: number } {
    const before = this.#samples.filter((sample) => sample.timeMs <= timeMs - toleranceMs).at(-1);
    const behind = this.#samples.find((sample) => sample.timeMs >= timeMs + toleranceMs);
    return {
      committedMin: before?.committed ?? 0,
      committedMax: behind?.committed ?? Number.MAX_SAFE_INTEGER,
    };
  }
}
