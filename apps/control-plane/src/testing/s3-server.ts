/**
 * A small S3 of the tests' own: buckets of objects in memory, path style, every signature checked. It tells
 * what is wrong as S3 does, and can be made to be slow, to be away, and to forbid.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { ApiError, verifySignature } from '@landfall/api';
import { cleanUpAfter } from './clean-up.ts';

export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly buckets: Map<string, Map<string, Buffer>>;
  /** Method, bucket and key of what came in, whatever became of it. */
  readonly requests: string[];
  /** The next answers; `undefined` answers as it should. */
  readonly faults: (S3Fault | undefined)[];
}

export type S3Fault =
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  /** Says nothing until it is stopped. */
  | { readonly kind: 'silence' }
  /** Sends so much of the object and then nothing. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'reset' }
  /** Says nothing of the length and never ends; with a status whatever was asked for. */
  | { readonly kind: 'endless'; readonly status?: number };

const REGION = 'eu-test-1';
const ACCESS_KEY_ID = 'S3TESTKEY';
const SECRET = 'secret/of+the:test';

export async function startS3Server(t: TestContext, bucketNames: readonly string[]): Promise<S3Server> {
  const state = {
    buckets: new Map(bucketNames.map((name) => [name, new Map<string, Buffer>()])),
    requests: [] as string[],
    faults: [] as (S3Fault | undefined)[],
  };
  const server = createServer((request, response) => {
    answer(state, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUpAfter(t, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  return { ...state, endpoint, region: REGION, accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET };
}

type State = Pick<S3Server, 'buckets' | 'requests' | 'faults'>;

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { method = '' } = request;
  const [rawPath = '', rawQuery = ''] = (request.url ?? '').split('?');
  const [, bucket = '', ...parts] = rawPath.split('/').map(decodeURIComponent);
  const key = parts.join('/');
  state.requests.push(`${method} ${bucket}/${key}`);
  const fault = state.faults.shift();
  if (fault?.kind === 'error') return refuse(response, fault.status, fault.code, fault.message);
  if (fault?.kind === 'reset') return void request.socket.destroy();
  if (fault?.kind === 'silence') return;
  if (fault?.kind === 'endless' && fault.status !== undefined) return sendForEver(response, fault.status);
  const wrong = await signatureFault(request, { method, rawPath, rawQuery, body });
  if (wrong !== undefined) return refuse(response, 403, wrong);
  const objects = state.buckets.get(bucket);
  if (objects === undefined) return refuse(response, 404, 'NoSuchBucket');
  if (method === 'PUT') {
    objects.set(key, body);
    return void response.writeHead(200, { etag: '"0"' }).end();
  }
  const object = objects.get(key);
  if (object === undefined) return refuse(response, 404, 'NoSuchKey');
  return sendObject(response, object, fault);
}

function sendObject(response: ServerResponse, object: Buffer, fault: S3Fault | undefined): void {
  if (fault?.kind === 'endless') {
    sendForEver(response, 200);
    return;
  }
  response.writeHead(200, { 'content-length': object.length });
  if (fault?.kind === 'stall') return void response.write(object.subarray(0, fault.afterBytes));
  response.end(object);
}

function sendForEver(response: ServerResponse, status: number): void {
  response.writeHead(status);
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 'x')));
  };
  response.on('drain', more);
  more();
}

interface RawRequest {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly body: Buffer;
}

/** The code S3 would give, or nothing. */
async function signatureFault(
  { headers }: IncomingMessage,
  { method, rawPath, rawQuery, body }: RawRequest,
): Promise<string | undefined> {
  // S3 signs the path as it is on the wire; the verifier encodes it once more, as all other services do.
  const decoded = rawPath.split('/').map(decodeURIComponent).join('/');
  try {
    const caller = await verifySignature(
      { method, rawPath: decoded, rawQuery, headers, body },
      {
        nowMs: Date.now(),
        secretFor: async (id) =>
          id === ACCESS_KEY_ID ? { secretAccessKey: SECRET, principal: id } : undefined,
      },
    );
    if (caller.service !== 's3' || caller.region !== REGION) return 'AuthorizationHeaderMalformed';
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.name === 'UnrecognizedClientException' ? 'InvalidAccessKeyId' : 'SignatureDoesNotMatch';
  }
}

function refuse(response: ServerResponse, status: number, code: string, message = `the test says ${code}`) {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}
