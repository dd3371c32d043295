/**
 * HTTPS with JSON bodies to one control plane: trusts one certificate authority and nothing else, keeps
 * connections alive, and turns everything that can go wrong into an OperationError. It never retries; callers
 * know what may be.
 */
import { Agent, type RequestOptions, request } from 'node:https';
import { type Dial, OperationError, systemErrorCode } from '@landfall/runtime';
import { DialAgent } from './http-dial-agent.ts';
import type { ChannelFailure } from './messages.ts';

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const SOCKETS_MAX = 32;
const KEEP_ALIVE_MS = 30_000;

export interface HttpClientOptions {
  readonly controlPlaneUrl: string;
  /**
   * Only certificates issued by it are believed. `undefined` believes any: for fetching the CA certificate
   * alone.
   */
  readonly caPem: string | undefined;
  readonly certificatePem?: string;
  readonly keyPem?: string;
  /** The way to the control plane: straight, or through a proxy. Default: straight. */
  readonly dial?: Dial | undefined;
}

export interface ExchangeOptions {
  /** The exchange fails as unreachable after this long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Errors: CONTROL_PLANE_UNREACHABLE, CONTROL_PLANE_UNTRUSTED, CHANNEL_ANSWER_INVALID, PROXY_*, or the code
 * the answer carries.
 */
export interface HttpClient {
  getText(path: string, options: ExchangeOptions): Promise<string>;
  /** The parsed JSON answer. */
  post(path: string, body: unknown, options: ExchangeOptions): Promise<unknown>;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const tls = {
    keepAlive: true,
    keepAliveMsecs: KEEP_ALIVE_MS,
    maxSockets: SOCKETS_MAX,
    minVersion: 'TLSv1.3' as const,
    rejectUnauthorized: options.caPem !== undefined,
    ...(options.caPem === undefined ? {} : { ca: options.caPem }),
    ...(options.certificatePem === undefined ? {} : { cert: options.certificatePem }),
    ...(options.keyPem === undefined ? {} : { key: options.keyPem }),
  };
  const agent = options.dial === undefined ? new Agent(tls) : new DialAgent(tls, options.dial);
  const send = async (method: string, path: string, body: string | undefined, limits: ExchangeOptions) => {
    const answer = await exchange(new URL(path, options.controlPlaneUrl), { agent, method }, body, limits);
    if (answer.status < 200 || answer.status > 299) throw failureOf(path, answer);
    return answer.text;
  };
  return {
    getText: (path, limits) => send('GET', path, undefined, limits),
    post: async (path, body, limits) =>
      parseAnswer(path, await send('POST', path, JSON.stringify(body), limits)),
    close: () => agent.destroy(),
  };
}

function exchange(
  url: URL,
  options: RequestOptions,
  body: string | undefined,
  limits: ExchangeOptions,
): Promise<Answer> {
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const signal = limits.signal === undefined ? deadline : AbortSignal.any([limits.signal, deadline]);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(limits.signal?.aborted ? cause : connectionError(url, cause));
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { ...options, headers, signal }, (incoming) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > ANSWER_BYTES_MAX) outgoing.destroy(invalidAnswer(url.pathname, 'it is too large'));
        else chunks.push(chunk);
      });
      incoming.on('error', fail);
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    outgoing.on('error', fail);
    // Node tells an abort only to a request that has a connection; ours may still be on its way to one.
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    outgoing.end(body);
  });
}

function connectionError(url: URL, cause: unknown): OperationError {
  if (cause instanceof OperationError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (isTrustError(systemErrorCode(cause))) {
    return new OperationError(
      'CONTROL_PLANE_UNTRUSTED',
      `${url.origin} is not our control plane: ${reason}`,
      {
        hint: 'something answers in its place, or the control plane was set up anew',
        retryable: true,
        cause,
      },
    );
  }
  return new OperationError('CONTROL_PLANE_UNREACHABLE', `no answer from ${url.origin}: ${reason}`, {
    hint: `check that the control plane runs and that TCP port ${url.port || 443} of ${url.hostname} is open`,
    retryable: true,
    cause,
  });
}

function isTrustError(code: string | undefined): boolean {
  return code !== undefined && /CERT|SIGNATURE|UNABLE_TO_VERIFY|ISSUER/.test(code);
}

function failureOf(path: string, answer: Answer): OperationError {
  const failure = parseFailure(answer.text);
  if (failure !== undefined) {
    const { code, message, hint, retryable } = failure;
    return new OperationError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      retryable,
      context: { status: answer.status },
    });
  }
  return invalidAnswer(path, `status ${answer.status}: ${answer.text.slice(0, 200)}`);
}

function parseFailure(text: string): ChannelFailure['error'] | undefined {
  try {
    const body: Partial<ChannelFailure> = JSON.parse(text);
    const error = body.error;
    return typeof error?.code === 'string' && typeof error.message === 'string' ? error : undefined;
  } catch {
    // Not JSON: the caller reports the text itself.
    return undefined;
  }
}

function parseAnswer(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidAnswer(path, `not JSON: ${text.slice(0, 200)}`, cause);
  }
}

function invalidAnswer(path: string, why: string, cause?: unknown): OperationError {
  return new OperationError(
    'CHANNEL_ANSWER_INVALID',
    `the control plane's answer to ${path} cannot be used: ${why}`,
    {
      hint: 'check that the address is that of a Landfall control plane of the same version',
      retryable: true,
      cause,
    },
  );
}
