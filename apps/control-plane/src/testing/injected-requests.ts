/** Signed requests straight into the routes of a control plane: everything but the socket is real. */
import { Agent, request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { type Credentials, signRequest } from '@landfall/api';
import { systemClock, systemRandom } from '@landfall/runtime';
import { createApp } from '../http/http-server.ts';
import { cleanUpAfter } from './clean-up.ts';
import type { TestControlPlane } from './test-control-plane.ts';

export type RequestMethod = 'GET' | 'POST' | 'DELETE' | 'PUT' | 'PATCH' | 'OPTIONS';

export interface InjectedRequest {
  readonly service: string;
  readonly method: RequestMethod;
  readonly rawPath: string;
  readonly rawQuery?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Else the administrator's. */
  readonly credentials?: Credentials;
  readonly region?: string;
  /** Of the signature, seen from now. */
  readonly aheadMs?: number;
  /** Changes what was signed. */
  readonly tamper?: (signed: SignedRequest) => SignedRequest;
}

export interface SignedRequest {
  readonly method: RequestMethod;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface InjectedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export type SendSigned = (request: InjectedRequest) => Promise<InjectedAnswer>;
export type Inject = SendSigned;

export async function injectInto(t: TestContext, plane: TestControlPlane): Promise<Inject> {
  const { service } = plane.current();
  const closing = new AbortController();
  const app = await createApp({ service, agentBinary: undefined, closing: closing.signal });
  cleanUpAfter(t, async () => {
    closing.abort();
    await app.close();
  });
  return async (request) => {
    const { method, url, headers, body } = signedRequest(plane, request);
    const sent = method === 'GET' || method === 'DELETE' ? {} : { payload: body };
    const answer = await app.inject({ method, url, headers, ...sent, payloadAsStream: true });
    return { status: answer.statusCode, headers: answer.headers, text: await readText(answer) };
  };
}

/** The same over TLS, on connections that are kept. */
export function sendTo(t: TestContext, plane: TestControlPlane): SendSigned {
  const agent = new Agent({ ca: plane.caPem, keepAlive: true });
  cleanUpAfter(t, () => agent.destroy());
  return (request) => {
    const { method, url: path, headers, body } = signedRequest(plane, request);
    return new Promise((resolve, reject) => {
      const place = { host: '127.0.0.1', port: plane.port, agent };
      const outgoing = requestHttps({ ...place, method, path, headers }, async (incoming) => {
        const { statusCode: status = 0, headers: found } = incoming;
        try {
          const text = await readText({ headers: found, stream: () => incoming });
          resolve({ status, headers: found, text });
        } catch (error) {
          reject(error);
        }
      });
      outgoing.on('error', reject).end(method === 'POST' ? body : '');
    });
  };
}

function signedRequest({ admin }: TestControlPlane, request: InjectedRequest): SignedRequest {
  const { service, method, rawPath, rawQuery = '', body = '', headers: more } = request;
  const { credentials = admin, region = admin.region, aheadMs = 0 } = request;
  // As SDKs do: no request is taken for one that was sent before.
  const invocation = { 'amz-sdk-invocation-id': systemRandom.uuid() };
  const headers = { host: 'localhost', 'content-type': 'application/json', ...invocation };
  const scope = { service, region, nowMs: systemClock.nowMs() + aheadMs };
  const signature = signRequest({ method, rawPath, rawQuery, headers, body }, credentials, scope);
  const url = rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`;
  const signed = { method, url, headers: { ...headers, ...more, ...signature }, body };
  return request.tamper?.(signed) ?? signed;
}

interface Streamed {
  readonly headers: Readonly<Record<string, unknown>>;
  stream(): Readable;
}

/** All of it; of a stream of events its first message, because it has no end. */
async function readText(answer: Streamed): Promise<string> {
  const isEndless = answer.headers['content-type'] === 'text/event-stream';
  let text = '';
  for await (const piece of answer.stream()) {
    text += String(piece);
    if (isEndless) break;
  }
  return text;
}
