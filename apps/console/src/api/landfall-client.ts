/** The `landfall` service from the browser: same wire form as MGN, signed with the session's credentials. */
import type { LandfallOperations } from '@landfall/api/types';
import { type ConsoleClock, randomId } from '../browser-clock.ts';
import { type SigningKey, signingKey, signRequest } from '../session/sign-request.ts';
import type { CredentialsSource } from './credentials-source.ts';
import { apiFailure, unreachable } from './failure.ts';

export type LandfallOperation = keyof LandfallOperations;

export type LandfallCall = <Name extends LandfallOperation>(
  name: Name,
  input: LandfallOperations[Name]['input'],
) => Promise<LandfallOperations[Name]['output']>;

export interface LandfallClientOptions {
  readonly host: string;
  readonly region: string;
  readonly clock: ConsoleClock;
  readonly fetch: typeof fetch;
  readonly credentials: CredentialsSource;
}

const ANSWER_MS_MAX = 60_000;

export interface SignedPost {
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The answer as it comes, whatever its status. Errors: ApiFailure when there is none. */
export async function postSigned(
  { host, region, clock, fetch, credentials }: LandfallClientOptions,
  operation: string,
  { body, headers = {}, signal }: SignedPost,
): Promise<Response> {
  const path = `/landfall/${operation}`;
  const sent = { ...headers, 'content-type': 'application/json', 'amz-sdk-invocation-id': randomId() };
  const signer = await signerOf(credentials);
  const scope = { service: 'landfall', region, nowMs: clock.nowMs() } as const;
  const added = await signRequest({ path, headers: { ...sent, host }, body }, signer, scope);
  try {
    return await fetch(path, { method: 'POST', headers: { ...sent, ...added }, body, signal });
  } catch (cause) {
    throw unreachable(cause);
  }
}

export function createLandfallCall(options: LandfallClientOptions): LandfallCall {
  return async (name, input) => {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const answer = await postSigned(options, name, { body: JSON.stringify(input), signal });
    return readAnswer(answer);
  };
}

/** Importing a key is dear enough to be done once for each set of credentials. */
const signers = new WeakMap<object, Promise<SigningKey>>();

function signerOf(source: CredentialsSource): Promise<SigningKey> {
  const credentials = source();
  const signer = signers.get(credentials) ?? signingKey(credentials);
  signers.set(credentials, signer);
  return signer;
}

export async function readAnswer<Output>(answer: Response): Promise<Output> {
  const text = await answer.text().catch((cause: unknown) => {
    throw unreachable(cause);
  });
  const body = parseObject(text, answer.status);
  if (answer.ok) return body as Output;
  const { message, code, __type: type } = body;
  const named = answer.headers.get('x-amzn-errortype') ?? code ?? type;
  throw apiFailure({
    name: typeof named === 'string' ? named.replace(/:.*$/, '').replace(/^.*#/, '') : 'UnknownError',
    status: answer.status,
    message: typeof message === 'string' ? message : '',
    requestId: answer.headers.get('x-amzn-requestid') ?? undefined,
  });
}

function parseObject(text: string, status: number): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof body === 'object' && body !== null) return { ...body };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw apiFailure({ name: 'ApiResponseInvalid', status, message: text.slice(0, 200) });
}
