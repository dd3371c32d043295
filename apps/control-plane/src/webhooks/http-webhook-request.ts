/**
 * One request to a webhook.
 *
 * W1  The address that is connected to is the one that was judged: names are resolved once, here, so a name
 *     that is answered differently a moment later leads nowhere else.
 * W2  A redirect is an answer like any other that is no success: it is not followed.
 * W3  Nothing of an answer is kept but its status; an attempt has `ATTEMPT_MS`, and no more than
 *     `ANSWER_BYTES_MAX` are read.
 */
import { lookup as resolveName } from 'node:dns';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { after, systemErrorCode } from '@landfall/runtime';
import type { AddressGuard } from './address-guard.ts';

export const ATTEMPT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type WebhookOutcome = { readonly statusCode: number } | { readonly error: string };

/** Never rejects for what the receiver does. */
export async function sendWebhook(guard: AddressGuard, sent: WebhookRequest): Promise<WebhookOutcome> {
  const url = new URL(sent.url);
  const problem = literalProblem(guard, url);
  if (problem !== undefined) return { error: problem };
  const cut = new AbortController();
  const cancel = after(ATTEMPT_MS, () => cut.abort());
  try {
    return { statusCode: await post(guard, url, sent, cut.signal) };
  } catch (error) {
    return { error: cut.signal.aborted ? `no answer within ${ATTEMPT_MS / 1000} s` : reasonOf(error) };
  } finally {
    cancel();
  }
}

/** What is wrong with the address in a URL itself; names are judged when they are resolved. */
export function literalProblem(guard: AddressGuard, url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : addressProblem(guard, url, host);
}

function addressProblem(guard: AddressGuard, { protocol }: URL, address: string): string | undefined {
  if (!guard.isOpen(address)) return `${address} is not open to webhooks`;
  if (protocol === 'http:' && !guard.isTrusted(address)) return `${address} needs https`;
  return undefined;
}

function post(
  guard: AddressGuard,
  url: URL,
  { headers, body }: WebhookRequest,
  signal: AbortSignal,
): Promise<number> {
  const options: RequestOptions = {
    ...{ method: 'POST', agent: false, signal, lookup: guardedLookup(guard, url) },
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
  };
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = open(url, options, (answer) => {
      drain(answer).then(() => resolve(answer.statusCode ?? 0), reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** W1 */
function guardedLookup(guard: AddressGuard, url: URL): LookupFunction {
  return (hostname, options, done) => {
    resolveName(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const judged = found.map(({ address }) => addressProblem(guard, url, address));
      const usable = found.filter((_, index) => judged[index] === undefined);
      const [first] = usable;
      if (first === undefined) return done(new Error(judged[0] ?? `${hostname} has no address`), []);
      return options.all === true ? done(null, usable) : done(null, first.address, first.family);
    });
  };
}

/** W3 */
async function drain(answer: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) return;
  }
}

function reasonOf(error: unknown): string {
  const code = systemErrorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}
