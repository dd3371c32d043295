/** GetSessionToken of our STS: what is signed in with becomes credentials that end by themselves. */

import { apiFailure, unreachable } from '../api/failure.ts';
import type { ConsoleClock } from '../browser-clock.ts';
import type { TemporaryCredentials } from './session.ts';
import { type SigningKey, signRequest } from './sign-request.ts';

export interface TokenRequestOptions {
  readonly host: string;
  readonly region: string;
  readonly clock: ConsoleClock;
  readonly fetch: typeof fetch;
}

const LIFETIME_SECONDS = 3600;
const ANSWER_MS_MAX = 30_000;

/** Errors: ApiFailure. */
export async function requestSessionToken(
  signer: SigningKey,
  { host, region, clock, fetch }: TokenRequestOptions,
): Promise<TemporaryCredentials> {
  const body = `Action=GetSessionToken&Version=2011-06-15&DurationSeconds=${LIFETIME_SECONDS}`;
  const headers = { host, 'content-type': 'application/x-www-form-urlencoded' };
  const scope = { service: 'sts', region, nowMs: clock.nowMs() } as const;
  const added = await signRequest({ path: '/', headers, body }, signer, scope);
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const sent = { 'content-type': headers['content-type'], ...added };
  const answer = await fetch('/', { method: 'POST', headers: sent, body, signal }).catch((cause: unknown) => {
    throw unreachable(cause);
  });
  const xml = await answer.text();
  if (!answer.ok) throw readFailure(answer.status, xml);
  return readCredentials(xml);
}

export function readCredentials(xml: string): TemporaryCredentials {
  const expiresAtMs = Date.parse(element(xml, 'Expiration'));
  const credentials = {
    accessKeyId: element(xml, 'AccessKeyId'),
    secretAccessKey: element(xml, 'SecretAccessKey'),
    sessionToken: element(xml, 'SessionToken'),
    expiresAtMs,
  };
  const isWhole = Object.values(credentials).every((value) => value !== '' && !Number.isNaN(value));
  if (isWhole) return credentials;
  throw apiFailure({ name: 'ApiResponseInvalid', status: 200, message: 'STS answered without credentials.' });
}

/** STS has names of its own for what the rest of the API calls otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  AccessDenied: 'AccessDeniedException',
  ExpiredToken: 'ExpiredTokenException',
  InvalidClientTokenId: 'UnrecognizedClientException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  Throttling: 'ThrottlingException',
};

function readFailure(status: number, xml: string) {
  const code = element(xml, 'Code');
  const name = NAMES[code] ?? (code === '' ? 'UnknownError' : code);
  return apiFailure({ name, status, message: element(xml, 'Message') });
}

/** Of an answer that our own server wrote: elements without attributes, three characters escaped. */
function element(xml: string, name: string): string {
  const [, text = ''] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
