/**
 * For tests: a server that treats a request as the control plane does (verify, route, decode, validate,
 * encode) and lets the test answer. Real clients prove with it that the wire is right without any of the
 * control plane's state.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '@landfall/runtime';
import { ApiError } from '../api-error.ts';
import { decodeInput } from '../messages/decode-input.ts';
import { type ApiResponse, encodeError, encodeOutput } from '../messages/encode-response.ts';
import { validateInput } from '../messages/validate-input.ts';
import { type AnyOperation, operations } from '../operations.ts';
import { matchRoute } from '../route.ts';
import { type KnownKey, type SignableRequest, verifySignature } from '../signatures/signature.ts';

export const TEST_CREDENTIALS = { accessKeyId: 'LFAKEXAMPLE', secretAccessKey: 'a/secret+key/of=the+tests' };
export const TEST_REGION = 'eu-west-1';

export interface ReceivedCall {
  readonly operation: AnyOperation;
  readonly input: unknown;
  readonly region: string;
}

export interface TestServerOptions {
  /** The output of an operation, or what it throws. */
  readonly answer: (call: ReceivedCall) => unknown;
  readonly sessionToken?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface TestServer {
  readonly endpoint: string;
  /** Requests that passed verification and validation. */
  readonly calls: readonly ReceivedCall[];
  /** What was refused before that. */
  readonly refusals: readonly unknown[];
  close(): Promise<void>;
}

export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const calls: ReceivedCall[] = [];
  const refusals: unknown[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, headers, body, content } = await answer(request, options, calls, refusals);
    response.writeHead(status, headers);
    if (content === undefined) response.end(body);
    else await pipeline(Readable.from(content, { objectMode: false }), response);
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    respond(request, response).catch((error: unknown) => response.destroy(error as Error));
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close((error) => (error === undefined ? resolve() : reject(error)));
      server.closeAllConnections();
    });
  return {
    endpoint: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    calls,
    refusals,
    close,
  };
}

async function answer(
  incoming: IncomingMessage,
  options: TestServerOptions,
  calls: ReceivedCall[],
  refusals: unknown[],
): Promise<ApiResponse> {
  let call: ReceivedCall;
  try {
    call = await receive(incoming, options.sessionToken);
  } catch (error) {
    refusals.push(error);
    return encodeError(error, 'request-refused');
  }
  calls.push(call);
  try {
    return encode(call.operation, await options.answer(call));
  } catch (error) {
    return encodeError(error, 'request-failed');
  }
}

async function receive(incoming: IncomingMessage, sessionToken: string | undefined): Promise<ReceivedCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const [rawPath = '', ...query] = (incoming.url ?? '').split('?');
  const { method = '', headers } = incoming;
  const request: SignableRequest = { method, rawPath, rawQuery: query.join('?'), headers, body };
  const key: KnownKey<string> = { ...TEST_CREDENTIALS, sessionToken, principal: 'tests' };
  const secretFor = async (id: string) => (id === TEST_CREDENTIALS.accessKeyId ? key : undefined);
  const caller = await verifySignature(request, { nowMs: systemClock.nowMs(), secretFor });
  const route =
    caller.service === 'mgn' || caller.service === 'landfall'
      ? matchRoute(caller.service, method, rawPath)
      : undefined;
  if (route === undefined) throw ApiError.unknownOperation();
  const parts = { labels: route.labels, query: request.rawQuery, bodyText: body.toString('utf8'), headers };
  const input = validateInput(route.operation, decodeInput(route.operation, parts));
  return { operation: route.operation, input, region: caller.region };
}

function encode(operation: AnyOperation, output: unknown): ApiResponse {
  if (operation.service === 'mgn') return encodeOutput(operation, output as never, 'request-done');
  return encodeOutput(operations.landfall[operation.name], output as never, 'request-done');
}
