/** How long a certificate is good for, and when it is time for the next one. Pure. */
import { X509Certificate } from 'node:crypto';
import type { Random } from '@landfall/runtime';

export interface CertificateTerm {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Renewal begins at two thirds of the term, this much earlier or later, so that not all come at once. */
const RENEW_SHARE = 2 / 3;
const JITTER_SHARE = 0.05;
const JITTER_STEPS = 1_000_000;

export function certificateTerm(certificatePem: string): CertificateTerm {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
}

export function termMs({ notBeforeMs, notAfterMs }: CertificateTerm): number {
  return notAfterMs - notBeforeMs;
}

export function renewAtMs(term: CertificateTerm, random: Random): number {
  const jitter = (random.integer(JITTER_STEPS) / JITTER_STEPS) * 2 - 1;
  return term.notBeforeMs + termMs(term) * (RENEW_SHARE + JITTER_SHARE * jitter);
}

export function isExpired({ notAfterMs }: CertificateTerm, nowMs: number): boolean {
  return nowMs > notAfterMs;
}

/**
 * An expired certificate may still ask for its successor, for as long again as it was good for. That is safe
 * because expiry decides nothing else: the control plane compares the fingerprint with the one it has on
 * record, the handshake proves the key, and who is no longer wanted is revoked by name. So a server that was
 * switched off for weeks goes on by itself; what the limit ends is the use of a key forgotten on an old disk.
 */
export function isBeyondRenewal(term: CertificateTerm, nowMs: number): boolean {
  return nowMs > term.notAfterMs + termMs(term);
}
