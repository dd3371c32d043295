/**
 * The other way to encrypt files: write an encrypted copy into free space, delete the original. What is
 * written looks like any archive; what gives it away is that about as much structured content is freed as
 * noise was written. Compression frees several times what it writes, a download or a backup frees nothing.
 *
 * Pure: says when it is worth comparing what is in use now with what was in use then, and what that means.
 */
import { FREED_RATIO_MAX } from './detector.ts';
import { type PointInHistory, SlidingSum } from './sliding-sum.ts';

export interface NewContent {
  /** Written where nothing was in use. */
  readonly newBytes: number;
  /** Of those, what cannot be told from noise. */
  readonly newUniformBytes: number;
  readonly first: PointInHistory;
}

export interface WantedComparison {
  /** The first epoch of what is to be explained. */
  readonly since: PointInHistory;
  readonly newUniformBytes: number;
}

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const SCALES = [
  { windowMs: 3 * MINUTE_MS, bytesMin: 32 * MIB },
  { windowMs: 30 * MINUTE_MS, bytesMin: 64 * MIB },
] as const;
/** Of what is new. A package upgrade writes mostly what is no noise. */
const UNIFORM_SHARE_MIN = 0.5;
/** Structured bytes freed for each byte of noise: some of the files may have been compressed already. */
const FREED_RATIO_MIN = 0.3;
const PAUSE_MS_MIN = 10_000;
const PAUSE_MS_MAX = 60_000;

export class CopyWatch {
  readonly #scales = SCALES.map(({ windowMs, bytesMin }) => ({
    bytesMin,
    fresh: new SlidingSum(windowMs),
    uniform: new SlidingSum(windowMs),
  }));
  #confirmedBytes = 0;
  #pauseMs = PAUSE_MS_MIN;
  #nextAtMs = 0;

  observe(atMs: number, { newBytes, newUniformBytes, first }: NewContent): void {
    for (const { fresh, uniform } of this.#scales) {
      fresh.add(atMs, { bytes: newBytes, pieces: 0 }, first);
      if (newUniformBytes > 0) uniform.add(atMs, { bytes: newUniformBytes, pieces: 0 }, first);
      else uniform.moveTo(atMs);
    }
    if (this.#suspicious !== undefined) return;
    this.#confirmedBytes = 0;
    this.#pauseMs = PAUSE_MS_MIN;
  }

  /** What to look into now, at growing distances while it goes on. */
  wanted(atMs: number): WantedComparison | undefined {
    const suspicious = this.#suspicious;
    if (suspicious === undefined || atMs < this.#nextAtMs) return undefined;
    this.#nextAtMs = atMs + this.#pauseMs;
    this.#pauseMs = Math.min(PAUSE_MS_MAX, this.#pauseMs * 2);
    const since = suspicious.uniform.first;
    return since && { since, newUniformBytes: suspicious.uniform.bytes };
  }

  /** What of it was encrypted, by what was freed since; what was said before does not count again. */
  confirmed({ newUniformBytes }: WantedComparison, freedStructuredBytes: number): number {
    const ratio = freedStructuredBytes / newUniformBytes;
    if (ratio < FREED_RATIO_MIN || ratio > FREED_RATIO_MAX) return 0;
    const bytes = Math.min(freedStructuredBytes, newUniformBytes);
    const more = Math.max(0, bytes - this.#confirmedBytes);
    this.#confirmedBytes += more;
    return more;
  }

  /** Of the longest window. */
  get newUniformBytes(): number {
    return this.#scales.at(-1)?.uniform.bytes ?? 0;
  }

  /** The oldest of it. */
  get began(): PointInHistory | undefined {
    return this.#scales.at(-1)?.uniform.first;
  }

  get #suspicious() {
    return this.#scales.find(
      ({ fresh, uniform, bytesMin }) =>
        uniform.bytes >= bytesMin && uniform.bytes >= fresh.bytes * UNIFORM_SHARE_MIN,
    );
  }
}
