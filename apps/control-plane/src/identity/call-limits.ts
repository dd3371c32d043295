/**
 * What keeps one caller from drowning the others, and one recorded request from being sent again.
 *
 * L1  A key has so many calls a second on average, so many at once (`CALL_RATE`); its sessions share them.
 * L2  The signature of a call that changes something is good for one call, idempotent calls of MGN aside.
 *     It is remembered for as long as its date would be accepted, and across a restart (by the audit log).
 * L3  What was answered with 429 or 5xx is forgotten again: clients send that again in the same second, with
 *     the same signature.
 */
import { type AnyOperation, ApiError, CLOCK_SKEW_MS_MAX } from '@landfall/api';

export interface CallRate {
  readonly perSecond: number;
  /** At once, after a rest. */
  readonly burst: number;
}

export const CALL_RATE: CallRate = callRateOf(100);

/** Five seconds' worth at once. */
export function callRateOf(perSecond: number): CallRate {
  return { perSecond, burst: 5 * perSecond };
}

/** A date may lie ahead as far as behind. */
export const REPLAY_WINDOW_MS = 2 * CLOCK_SKEW_MS_MAX;
export const SIGNATURES_MAX = 500_000;

/** Failed attempts in the name of a key that are recorded. */
const FAILURE_RATE: CallRate = { perSecond: 1, burst: 20 };
const KEYS_MAX = 20_000;

export interface SeenSignature {
  readonly signature: string;
  readonly seenAtMs: number;
}

export class CallLimits {
  #calls: TokenBuckets;
  #failures = new TokenBuckets(FAILURE_RATE);
  /** In the order they were seen. */
  #seen = new Map<string, number>();

  constructor(seen: readonly SeenSignature[] = [], rate: CallRate = CALL_RATE) {
    this.#calls = new TokenBuckets(rate);
    for (const { signature, seenAtMs } of seen.slice(-SIGNATURES_MAX)) this.#seen.set(signature, seenAtMs);
  }

  /** Throws ThrottlingException. */
  takeCall(accessKeyId: string, nowMs: number): void {
    if (!this.#calls.take(accessKeyId, nowMs)) throw ApiError.throttled('Rate exceeded', 1);
  }

  mayRecordFailure(accessKeyId: string, nowMs: number): boolean {
    return this.#failures.take(accessKeyId, nowMs);
  }

  /** Throws InvalidSignatureException for one that was used, ThrottlingException when there are too many. */
  useSignature(signature: string, nowMs: number): void {
    this.#forgetOld(nowMs);
    if (this.#seen.has(signature)) {
      throw ApiError.of(
        'InvalidSignatureException',
        'This request was received before. Sign it again to make the call once more.',
      );
    }
    if (this.#seen.size >= SIGNATURES_MAX) throw ApiError.throttled('Rate exceeded', 60);
    this.#seen.set(signature, nowMs);
  }

  /** L3 */
  forgetSignature(signature: string): void {
    this.#seen.delete(signature);
  }

  #forgetOld(nowMs: number): void {
    for (const [signature, seenAtMs] of this.#seen) {
      if (seenAtMs > nowMs - REPLAY_WINDOW_MS) return;
      this.#seen.delete(signature);
    }
  }
}

/**
 * L2. Idempotent operations of `landfall` count as well: some give rights that were taken back meanwhile.
 * Those of `mgn` are called by clients that sign two equal calls of a second alike.
 */
export function isReplaySafe(operation: AnyOperation): boolean {
  const { service, name, readonly, idempotent } = operation;
  if (readonly === true) return true;
  return service === 'mgn' && (idempotent === true || name === 'InitializeService');
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

class TokenBuckets {
  readonly #rate: CallRate;
  #buckets = new Map<string, Bucket>();

  constructor(rate: CallRate) {
    this.#rate = rate;
  }

  take(name: string, nowMs: number): boolean {
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(name) ?? { tokens: burst, filledAtMs: nowMs };
    this.#buckets.delete(name);
    const passedMs = Math.max(0, nowMs - bucket.filledAtMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (passedMs / 1000) * perSecond);
    bucket.filledAtMs = nowMs;
    this.#buckets.set(name, bucket);
    this.#dropIdlest();
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #dropIdlest(): void {
    if (this.#buckets.size <= KEYS_MAX) return;
    for (const name of this.#buckets.keys()) {
      this.#buckets.delete(name);
      return;
    }
  }
}
