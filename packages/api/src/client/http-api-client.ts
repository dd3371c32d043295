/**
 * A typed client of both services, for the CLI and the tests. Errors of the API come back as `ApiError`;
 * what kept the request from being answered as an `OperationError`.
 *
 * R1  A read is tried again after 429, 5xx and a broken connection. Anything else only when it is certain
 *     that the server did nothing: refused connection, 429. At most `ATTEMPTS_MAX` tries; each is signed
 *     anew.
 */
import { retry, systemClock } from '@landfall/runtime';
import { ApiError } from '../api-error.ts';
import { encodeInput } from '../messages/encode-input.ts';
import { contentMember, decodeMemberHeaders } from '../messages/streamed-output.ts';
import {
  type InputOf,
  type Operation,
  type OperationName,
  type OutputOf,
  operations,
} from '../operations.ts';
import type { ServiceName } from '../service-model.ts';
import {
  type Answer,
  type ApiClientOptions,
  collect,
  invalidResponse,
  mayTryAgain,
  parseEndpoint,
  send,
} from './http-exchange.ts';

export type { ApiClientOptions } from './http-exchange.ts';

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

function isSuccess(statusCode = 0): boolean {
  return statusCode >= 200 && statusCode < 300;
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
