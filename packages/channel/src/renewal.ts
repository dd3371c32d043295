/**
 * Renewal of a program's certificate, with a new key each time, for as long as the program runs.
 *
 *   wait until two thirds of the term ─▶ next key on disk ─▶ ask ─▶ ready? ─▶ identity on disk ─▶ in use
 *                                                             ▲        │no
 *                                                             └────────┘
 *
 * N1 Every step can be repeated after a crash: the key is durable before it is asked with, the control plane
 *    answers the same key with the same certificate, and the new pair is durable before it is used.
 * N2 The old pair stays in use until the new one is accepted by everybody the program dials, or has expired.
 * N3 A clock that is wrong makes renewals come early or when the control plane complains, at most one every
 *    PAUSE_SHARE of a term; never none.
 */
import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import {
  type Backoff,
  backoffDelayMs,
  type Clock,
  describeError,
  type Logger,
  OperationError,
  type Random,
  systemClock,
  systemRandom,
} from '@landfall/runtime';
import { type CertificateTerm, certificateTerm, isExpired, renewAtMs, termMs } from './certificate-term.ts';
import { type Identity, prepareNextKey, replaceIdentity } from './file-identity.ts';
import { certificateFingerprint } from './http-enrol.ts';
import { type Renewal, type RenewalRequest, renewalStatement } from './messages.ts';

export interface RenewalOptions {
  readonly stateFolder: string;
  readonly identity: Identity;
  /** Asks the control plane with the identity in use. */
  readonly ask: (request: RenewalRequest) => Promise<unknown>;
  /** The renewed identity is durable; from the return of this call on it is in use. */
  readonly onRenewed: (identity: Identity) => void;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly signal: AbortSignal;
}

export interface RenewalLoop {
  /** The control plane says that the certificate has expired: whatever our clock says, it is time. */
  hurry(): void;
  /** Resolves when the signal has ended it. */
  readonly finished: Promise<void>;
}

/** How often the wall clock is looked at: it may jump. */
const LOOK_INTERVAL_MS = 60_000;
const PAUSE_SHARE = 1 / 20;
const PAUSE_MS_MAX = 600_000;
const BACKOFF: Backoff = { initialMs: 1000, maximumMs: 600_000 };
/** While others have not heard of the new certificate yet. */
const READY_BACKOFF: Backoff = { initialMs: 500, maximumMs: 60_000 };

export function runRenewal(options: RenewalOptions): RenewalLoop {
  const { signal, clock = systemClock, random = systemRandom } = options;
  let wake = new AbortController();
  let isUrgent = false;
  /** Sleeps until the time, the signal, or (unless it is deaf) a hurry. */
  const sleep = async (durationMs: number, isDeaf = false) => {
    const woken = isDeaf ? signal : AbortSignal.any([signal, wake.signal]);
    try {
      await clock.sleep(Math.max(0, durationMs), woken);
    } catch (error) {
      if (!woken.aborted) throw error;
    }
    if (wake.signal.aborted) wake = new AbortController();
  };
  const untilDue = async (term: CertificateTerm) => {
    const atMs = renewAtMs(term, random);
    // One whose term has not begun was issued while somebody's clock was wrong: it is of no use now.
    const isGood = (nowMs: number) => term.notBeforeMs <= nowMs && nowMs < atMs;
    while (!signal.aborted && !isUrgent && isGood(clock.nowMs())) {
      await sleep(Math.min(LOOK_INTERVAL_MS, atMs - clock.nowMs()));
    }
  };
  const run = async () => {
    let identity = options.identity;
    while (!signal.aborted) {
      await untilDue(certificateTerm(identity.certificatePem));
      const renewed = await untilRenewed({ ...options, clock, random }, identity, sleep);
      if (renewed === undefined) return;
      identity = renewed;
      isUrgent = false;
      const pauseMs = termMs(certificateTerm(identity.certificatePem)) * PAUSE_SHARE;
      await sleep(Math.min(PAUSE_MS_MAX, pauseMs), true);
    }
  };
  return {
    hurry: () => {
      if (isUrgent) return;
      isUrgent = true;
      wake.abort();
    },
    finished: run(),
  };
}

type Context = RenewalOptions & { readonly clock: Clock; readonly random: Random };

/** However many attempts it takes; `undefined` when the signal, or a new enrolment, has ended it. */
async function untilRenewed(
  context: Context,
  identity: Identity,
  sleep: (durationMs: number) => Promise<void>,
): Promise<Identity | undefined> {
  const { signal, logger, random } = context;
  for (let failures = 0, waits = 0; !signal.aborted; ) {
    try {
      const renewed = await renewOnce(context, identity);
      if (renewed !== undefined) return renewed;
      failures = 0;
      await sleep(backoffDelayMs(READY_BACKOFF, waits, random));
      waits += 1;
    } catch (error) {
      if (signal.aborted) return undefined;
      logger.warn('certificate-not-renewed', { error, explanation: describeError(error) });
      if (error instanceof OperationError && error.code === 'IDENTITY_REPLACED') return undefined;
      await sleep(backoffDelayMs(BACKOFF, failures, random));
      failures += 1;
    }
  }
  return undefined;
}

/** `undefined` while the new certificate is not accepted everywhere. */
async function renewOnce(context: Context, identity: Identity): Promise<Identity | undefined> {
  const { stateFolder, clock, logger } = context;
  const begun = await prepareNextKey(stateFolder, identity);
  const answer = await context.ask(renewalRequest(begun.nextKeyPem, identity.certificatePem));
  const { certificatePem, caPem, ready } = checkedRenewal(answer, begun);
  // N2: an expired certificate opens no new connection anyway.
  if (!ready && !isExpired(certificateTerm(identity.certificatePem), clock.nowMs())) return undefined;
  const { nextKeyPem: keyPem, ...kept } = begun;
  const renewed: Identity = { ...kept, keyPem, certificatePem, caPem };
  await replaceIdentity(stateFolder, identity, renewed);
  context.onRenewed(renewed);
  const { notAfterMs } = certificateTerm(certificatePem);
  logger.info('certificate-renewed', { validUntil: new Date(notAfterMs).toISOString() });
  return renewed;
}

function renewalRequest(nextKeyPem: string, certificatePem: string): RenewalRequest {
  const key = createPrivateKey(nextKeyPem);
  const statement = renewalStatement(certificateFingerprint(certificatePem) ?? '');
  return {
    publicKeyPem: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    proof: sign('sha256', Buffer.from(statement, 'utf8'), key).toString('base64'),
  };
}

/** Nothing takes the place of a pair that works unless it is one itself, of the same authority and name. */
function checkedRenewal(answer: unknown, begun: Identity & { readonly nextKeyPem: string }): Renewal {
  const { certificatePem, caPem, ready } = answer as Partial<Renewal>;
  if (typeof certificatePem !== 'string' || typeof caPem !== 'string' || typeof ready !== 'boolean')
    throw unusable('something is missing from it');
  const [current, next] = [parsed(begun.certificatePem), parsed(certificatePem)];
  const [trusted, authority] = [parsed(begun.caPem), parsed(caPem)];
  if (!trusted.publicKey.equals(authority.publicKey)) throw unusable('it is of another authority');
  if (!next.verify(authority.publicKey)) throw unusable('its authority did not sign the certificate');
  if (next.subject !== current.subject) throw unusable('the certificate is for another program');
  if (!next.checkPrivateKey(createPrivateKey(begun.nextKeyPem)))
    throw unusable('the certificate is for another key');
  return { certificatePem, caPem, ready };
}

function parsed(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw unusable('it has something else in the place of a certificate', cause);
  }
}

function unusable(why: string, cause?: unknown): OperationError {
  const message = `the control plane's answer to a renewal cannot be used: ${why}`;
  return new OperationError('CHANNEL_ANSWER_INVALID', message, {
    hint: 'check that control plane and program are of the same version',
    retryable: true,
    cause,
  });
}
