/**
 * One signed request and its answer as it came. What kept it from being answered is an OperationError:
 * API_UNREACHABLE, API_UNTRUSTED, API_RESPONSE_INVALID.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import {
  type Clock,
  OperationError,
  type Random,
  systemClock,
  systemErrorCode,
  systemRandom,
} from '@landfall/runtime';
import { ApiError } from '../api-error.ts';
import type { EncodedInput } from '../messages/encode-input.ts';
import { type Credentials, signRequest } from '../signatures/signature.ts';

export interface ApiClientOptions {
  /** `https://HOST:PORT`. */
  readonly endpoint: string;
  /** The control plane's own CA; absent: the system's. */
  readonly caPem?: string | undefined;
  readonly credentials: Credentials;
  readonly region: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;
const SILENCE_MS_MAX = 60_000;

/** Errors: API_ENDPOINT_INVALID. */
export function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:') && url.pathname === '/') {
    return url;
  }
  throw new OperationError('API_ENDPOINT_INVALID', `"${text}" is not the address of a control plane.`, {
    hint: 'Give it as https://HOST:PORT.',
  });
}

/** R1 of `http-api-client.ts`. */
export function mayTryAgain(error: unknown, isRead: boolean): boolean {
  if (error instanceof ApiError) return error.status === 429 || (isRead && error.status >= 500);
  if (!(error instanceof OperationError) || error.code !== 'API_UNREACHABLE') return false;
  return isRead || systemErrorCode(error.cause) === 'ECONNREFUSED';
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export function send(
  endpoint: URL,
  options: ApiClientOptions,
  service: string,
  encoded: EncodedInput,
): Promise<IncomingMessage> {
  const { method, rawPath, rawQuery, body } = encoded;
  const headers = {
    host: endpoint.host,
    /** Two equal calls in one second are not taken for one that was sent again. */
    'amz-sdk-invocation-id': (options.random ?? systemRandom).uuid(),
    ...encoded.headers,
    ...(body === '' || 'content-type' in encoded.headers ? {} : { 'content-type': 'application/json' }),
  };
  const nowMs = (options.clock ?? systemClock).nowMs();
  const scope = { service, region: options.region, nowMs };
  const signature = signRequest({ method, rawPath, rawQuery, headers, body }, options.credentials, scope);
  const target = {
    method,
    host: endpoint.hostname.replace(/^\[|\]$/g, ''),
    port: endpoint.port === '' ? (endpoint.protocol === 'https:' ? 443 : 80) : Number(endpoint.port),
    path: rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`,
    headers: { ...headers, ...signature, 'content-length': Buffer.byteLength(body) },
    timeout: SILENCE_MS_MAX,
    agent: false as const,
    ...(options.caPem === undefined ? {} : { ca: options.caPem }),
  };
  const open = endpoint.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(describeFailure(endpoint, cause));
    const outgoing = open(target, (answer) => {
      outgoing.removeAllListeners('timeout').on('timeout', () => endSilent(answer));
      resolve(answer);
    });
    outgoing.on('error', fail);
    outgoing.on('timeout', () => outgoing.destroy(silence('no answer within')));
    outgoing.end(body);
  });
}

/** Not while it waits for its reader: then it is the server that waits for us. */
function endSilent(answer: IncomingMessage): void {
  // Else the connection, silent already, would not time out again.
  if (answer.readableLength > 0) answer.socket.setTimeout(SILENCE_MS_MAX);
  else answer.destroy(silence('nothing came for'));
}

function silence(what: string): Error {
  return new Error(`${what} ${SILENCE_MS_MAX / 1000} seconds`);
}

export async function collect(endpoint: URL, response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      lengthBytes += chunk.length;
      if (lengthBytes > RESPONSE_BYTES_MAX) {
        throw invalidResponse(`The answer is larger than ${RESPONSE_BYTES_MAX} bytes.`);
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    throw describeFailure(endpoint, cause);
  }
  const { statusCode = 0, headers } = response;
  return { status: statusCode, headers, text: Buffer.concat(chunks).toString('utf8') };
}

function describeFailure(endpoint: URL, cause: unknown): OperationError {
  if (cause instanceof OperationError) return cause;
  const code = systemErrorCode(cause) ?? '';
  const reason = (cause instanceof Error && cause.message) || code || String(cause);
  const context = { endpoint: endpoint.origin };
  if (/CERT|SIGNATURE|^ERR_TLS_/.test(code)) {
    return new OperationError('API_UNTRUSTED', `${endpoint.origin} could not prove who it is: ${reason}`, {
      hint: "Give the control plane's CA certificate and the address it was made for.",
      context,
      cause,
    });
  }
  return new OperationError('API_UNREACHABLE', `${endpoint.origin} did not answer: ${reason}`, {
    hint: 'Check that the control plane runs and that its address and port are right.',
    retryable: true,
    context,
    cause,
  });
}

export function invalidResponse(message: string): OperationError {
  return new OperationError('API_RESPONSE_INVALID', message, {
    hint: 'Check that the address is that of a Landfall control plane, of the same version.',
  });
}
