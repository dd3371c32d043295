/**
 * A typed client of both services, for the CLI and the tests. Errors of the API come back as `ApiError`;
 * what kept the request from being answered as an `OperationError`.
 *
 * R1  A read is tried again after 429, 5xx and a broken connection. Anything else only when it is certain
 *     that the server did nothing: refused connection, 429. At most `ATTEMPTS_MAX` tries; each is signed
 *     anew.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import {
  type Clock,
  OperationError,
  type Random,
  retry,
  systemClock,
  systemErrorCode,
  systemRandom,
} from '@landfall/runtime';
import { ApiError } from '../api-error.ts';
import { type EncodedInput, encodeInput } from '../messages/encode-input.ts';
import { contentMember, decodeMemberHeaders } from '../messages/streamed-output.ts';
import {
  type InputOf,
  type Operation,
  type OperationName,
  type OutputOf,
  operations,
} from '../operations.ts';
import type { ServiceName } from '../service-model.ts';
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

/** Operations whose answer comes in pages. */
export type PagedMgnOperation = {
  [Name in OperationName<'mgn'>]: 'nextToken' extends keyof OutputOf<'mgn', Name> ? Name : never;
}[OperationName<'mgn'>];

export interface ApiClient {
  mgn<Name extends OperationName<'mgn'>>(
    name: Name,
    input: InputOf<'mgn', Name>,
  ): Promise<OutputOf<'mgn', Name>>;
  landfall<Name extends OperationName<'landfall'>>(
    name: Name,
    input: InputOf<'landfall', Name>,
  ): Promise<OutputOf<'landfall', Name>>;
  /** Every page of a listing, from the first to the last. */
  mgnPages<Name extends PagedMgnOperation>(
    name: Name,
    input: InputOf<'mgn', Name>,
  ): AsyncGenerator<OutputOf<'mgn', Name>, void, undefined>;
}

const ATTEMPTS_MAX = 4;
const BACKOFF = { initialMs: 100, maximumMs: 2000 };
const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;
const SILENCE_MS_MAX = 60_000;
const PAGES_MAX = 10_000;

export function createApiClient(options: ApiClientOptions): ApiClient {
  const endpoint = parseEndpoint(options.endpoint);
  const mgn: ApiClient['mgn'] = (name, input) => call(endpoint, options, operations.mgn[name], input);
  return {
    mgn,
    landfall: (name, input) => call(endpoint, options, operations.landfall[name], input),
    mgnPages: (name, input) => readPages(mgn, name, input),
  };
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:') && url.pathname === '/') {
    return url;
  }
  throw new OperationError('API_ENDPOINT_INVALID', `"${text}" is not the address of a control plane.`, {
    hint: 'Give it as https://HOST:PORT.',
  });
}

async function* readPages<Name extends PagedMgnOperation>(
  mgn: ApiClient['mgn'],
  name: Name,
  input: InputOf<'mgn', Name>,
): AsyncGenerator<OutputOf<'mgn', Name>, void, undefined> {
  let pageInput = input;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const output = await mgn(name, pageInput);
    yield output;
    const { nextToken } = output as { readonly nextToken?: string };
    if (nextToken === undefined || nextToken === '') return;
    pageInput = { ...(input as object), nextToken } as InputOf<'mgn', Name>;
  }
  throw invalidResponse(`${name} did not end after ${PAGES_MAX} pages.`);
}

async function call<Service extends ServiceName, Name extends OperationName<Service>>(
  endpoint: URL,
  options: ApiClientOptions,
  operation: Operation<Service, Name>,
  input: InputOf<Service, Name>,
): Promise<OutputOf<Service, Name>> {
  const encoded = encodeInput(operation, input);
  const content = contentMember(operation);
  const attempt = async () => {
    const response = await send(endpoint, options, operation.service, encoded);
    if (content === undefined || !isSuccess(response.statusCode))
      return readAnswer(await collect(endpoint, response));
    return { ...decodeMemberHeaders(operation, response.headers), [content]: response };
  };
  const isRetryable = (error: unknown) => mayTryAgain(error, operation.readonly === true);
  const clock = options.clock ?? systemClock;
  const answer = await retry(attempt, { attemptsMax: ATTEMPTS_MAX, backoff: BACKOFF, isRetryable, clock });
  return answer as OutputOf<Service, Name>;
}

/** R1 */
function mayTryAgain(error: unknown, isRead: boolean): boolean {
  if (error instanceof ApiError) return error.status === 429 || (isRead && error.status >= 500);
  if (!(error instanceof OperationError) || error.code !== 'API_UNREACHABLE') return false;
  return isRead || systemErrorCode(error.cause) === 'ECONNREFUSED';
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

function send(
  endpoint: URL,
  options: ApiClientOptions,
  service: ServiceName,
  encoded: EncodedInput,
): Promise<IncomingMessage> {
  const { method, rawPath, rawQuery, body } = encoded;
  const headers = {
    host: endpoint.host,
    /** Two equal calls in one second are not taken for one that was sent again. */
    'amz-sdk-invocation-id': (options.random ?? systemRandom).uuid(),
    ...encoded.headers,
    ...(body === '' ? {} : { 'content-type': 'application/json' }),
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

function isSuccess(statusCode = 0): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function collect(endpoint: URL, response: IncomingMessage): Promise<Answer> {
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

function readAnswer(answer: Answer): unknown {
  const body = answer.text === '' ? {} : parseJson(answer);
  if (isSuccess(answer.status)) return body;
  throw readError(answer, body);
}

function parseJson(answer: Answer): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(answer.text);
    if (typeof body === 'object' && body !== null) return { ...body };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw invalidResponse(`The endpoint answered ${answer.status} with something that is not a JSON object.`);
}

/** Order of clients of this protocol: header, then `code`, then `__type`. */
function readError(answer: Answer, body: Readonly<Record<string, unknown>>): ApiError {
  const { message, code, __type: type, ...members } = body;
  const [named] = [answer.headers['x-amzn-errortype'], code, type].filter((text) => typeof text === 'string');
  const name = /([^#:]+)(?::.*)?$/.exec(named ?? '')?.[1] ?? 'UnknownError';
  const text = typeof message === 'string' ? message : `The endpoint answered ${answer.status}.`;
  const retryAfterSeconds = Number(answer.headers['retry-after'] ?? Number.NaN);
  const requestId = answer.headers['x-amzn-requestid'];
  return new ApiError(name, answer.status, text, {
    members,
    ...(Number.isFinite(retryAfterSeconds) ? { retryAfterSeconds } : {}),
    ...(typeof requestId === 'string' ? { requestId } : {}),
  });
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

function invalidResponse(message: string): OperationError {
  return new OperationError('API_RESPONSE_INVALID', message, {
    hint: 'Check that the address is that of a Landfall control plane, of the same version.',
  });
}
