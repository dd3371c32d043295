/** Signed requests straight into the routes of a control plane: everything but the socket is real. */
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { signRequest } from '@landfall/api';
import { systemClock, systemRandom } from '@landfall/runtime';
import { createApp } from '../http/http-server.ts';
import { cleanUpAfter } from './clean-up.ts';
import type { TestControlPlane } from './test-control-plane.ts';

export interface InjectedRequest {
  readonly service: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly rawPath: string;
  readonly rawQuery?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface InjectedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export type Inject = (request: InjectedRequest) => Promise<InjectedAnswer>;

export async function injectInto(t: TestContext, plane: TestControlPlane): Promise<Inject> {
  const { service } = plane.current();
  const closing = new AbortController();
  const app = await createApp({ service, agentBinary: undefined, closing: closing.signal });
  cleanUpAfter(t, async () => {
    closing.abort();
    await app.close();
  });
  return async ({ service: name, method, rawPath, rawQuery = '', body = '', headers: more }) => {
    // As SDKs do: no request is taken for one that was sent before.
    const invocation = { 'amz-sdk-invocation-id': systemRandom.uuid() };
    const headers = { host: 'localhost', 'content-type': 'application/json', ...invocation };
    const scope = { service: name, region: plane.admin.region, nowMs: systemClock.nowMs() };
    const signature = signRequest({ method, rawPath, rawQuery, headers, body }, plane.admin, scope);
    const url = rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`;
    const sent = method === 'POST' ? { payload: body } : {};
    const request = { method, url, headers: { ...headers, ...more, ...signature }, ...sent };
    const answer = await app.inject({ ...request, payloadAsStream: true });
    return { status: answer.statusCode, headers: answer.headers, text: await readText(answer) };
  };
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
