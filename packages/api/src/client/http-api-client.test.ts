import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { type Clock, OperationError, run, systemClock } from '@landfall/runtime';
import { ApiError } from '../api-error.ts';
import { paginate } from '../messages/paginate.ts';
import { createApiClient } from './http-api-client.ts';
import {
  type ReceivedCall,
  startTestServer,
  TEST_CREDENTIALS,
  TEST_REGION,
  type TestServer,
  type TestServerOptions,
} from './http-test-server.ts';

const SERVER_ID = 's-0123456789abcdefA';
const ARN = `arn:aws:mgn:${TEST_REGION}:123456789012:source-server/${SERVER_ID}`;

/** The system's clock, without waiting between tries. */
const HASTY_CLOCK: Clock = { ...systemClock, sleep: async () => undefined };

async function withServer(
  answer: TestServerOptions['answer'],
  action: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await startTestServer({ answer });
  try {
    await action(server);
  } finally {
    await server.close();
  }
}

function clientOf(endpoint: string, changes: { readonly caPem?: string } = {}) {
  return createApiClient({
    endpoint,
    credentials: TEST_CREDENTIALS,
    region: TEST_REGION,
    clock: HASTY_CLOCK,
    ...changes,
  });
}

/** Fails as often as told, then answers. */
function failing(times: number, error: unknown) {
  let left = times;
  return () => {
    left -= 1;
    if (left >= 0) throw error;
    return { items: [] };
  };
}

describe('the client', () => {
  test('calls both services with their names, labels and queries', () =>
    withServer(answerAll, async (server) => {
      const client = clientOf(server.endpoint);
      const { tags } = await client.mgn('ListTagsForResource', { resourceArn: ARN });
      assert.deepEqual(tags, { Name: 'web 1' });
      await client.mgn('UntagResource', { resourceArn: ARN, tagKeys: ['b c', "(a)'*!"] });
      await client.mgn('InitializeService', {});
      const launch = { sourceServerID: SERVER_ID, purpose: 'TEST', at: 'epoch:12' } as const;
      const { job } = await client.landfall('StartLaunch', launch);
      assert.equal(job.jobID, 'mgnjob-0123456789abcdefA');
      assert.deepEqual(server.refusals, []);
      assert.deepEqual(
        server.calls.map(({ operation, input }) => [operation.service, operation.name, input]),
        [
          ['mgn', 'ListTagsForResource', { resourceArn: ARN }],
          ['mgn', 'UntagResource', { resourceArn: ARN, tagKeys: ['b c', "(a)'*!"] }],
          ['mgn', 'InitializeService', {}],
          ['landfall', 'StartLaunch', launch],
        ],
      );
    }));

  test('reads every page', () =>
    withServer(
      ({ input }) => {
        const jobs = ['A', 'B', 'C'].map((last) => ({ jobID: `mgnjob-0123456789abcdef${last}` }));
        return paginate(jobs, input as object, { listing: 'jobs', sortKeyOf: ({ jobID }) => jobID });
      },
      async (server) => {
        const seen: (string | undefined)[] = [];
        for await (const page of clientOf(server.endpoint).mgnPages('DescribeJobs', { maxResults: 2 })) {
          seen.push((page.items ?? []).map(({ jobID }) => jobID.at(-1)).join(''));
        }
        assert.deepEqual(seen, ['AB', 'C']);
      },
    ));

  test('gives an error of the API with its name, status, text and members', () =>
    withServer(failing(1, ApiError.conflict('busy', { resourceId: SERVER_ID })), async (server) => {
      const error = await rejectionOf(
        clientOf(server.endpoint).mgn('StartTest', { sourceServerIDs: [SERVER_ID] }),
      );
      assert.ok(error instanceof ApiError);
      const { name, status, message, members, requestId } = error;
      assert.deepEqual(
        [name, status, message, members],
        ['ConflictException', 409, 'busy', { resourceId: SERVER_ID }],
      );
      assert.equal(requestId, 'request-failed');
    }));
});

describe('R1: trying again', () => {
  test('reads survive failures and throttling of the server, but not for ever', () =>
    withServer(failing(3, new Error('boom')), async (server) => {
      assert.deepEqual(await clientOf(server.endpoint).mgn('DescribeJobs', {}), { items: [] });
      assert.equal(server.calls.length, 4);
    }).then(() =>
      withServer(failing(9, new Error('boom')), async (server) => {
        const error = await rejectionOf(clientOf(server.endpoint).mgn('DescribeJobs', {}));
        assert.ok(error instanceof ApiError && error.name === 'InternalServerException');
        assert.equal(server.calls.length, 4);
      }),
    ));

  test('writes are sent again only when the server certainly did nothing', () =>
    withServer(failing(1, new Error('boom')), async (server) => {
      const client = clientOf(server.endpoint);
      await rejectionOf(client.mgn('StartTest', { sourceServerIDs: [SERVER_ID] }));
      assert.equal(server.calls.length, 1);
    }).then(() =>
      withServer(failing(2, ApiError.throttled()), async (server) => {
        await clientOf(server.endpoint).mgn('StartTest', { sourceServerIDs: [SERVER_ID] });
        assert.equal(server.calls.length, 3);
      }),
    ));
});

describe('content that comes piece by piece', () => {
  const PIECES = 64;

  test('may wait for its reader longer than a silence may last', () =>
    withServer(
      ({ operation }) => contentOf(operation, PIECES),
      async (server) => {
        const content = await fetchFrom(server);
        await until(() => content.readableLength > 0);
        content.socket.emit('timeout');
        assert.equal((await wholeOf(content)).length, PIECES * PIECE.length);
      },
    ));

  test('that stops while its reader waits is an error', () =>
    withServer(
      ({ operation }) => contentOf(operation, PIECES, true),
      async (server) => {
        const content = await fetchFrom(server);
        let lengthBytes = 0;
        const reading = (async () => {
          for await (const part of content) lengthBytes += part.length;
        })();
        await until(() => lengthBytes === PIECES * PIECE.length);
        content.socket.emit('timeout');
        await assert.rejects(reading, { message: 'nothing came for 60 seconds' });
      },
    ));
});

describe('what keeps a request from being answered', () => {
  test('is told with its code: nobody there, not an address', async () => {
    const server = await startTestServer({ answer: answerAll });
    await server.close();
    await expectCode('API_UNREACHABLE', clientOf(server.endpoint).mgn('DescribeJobs', {}));
    for (const endpoint of ['', 'landfall', 'ftp://host', 'https://host/path']) {
      assert.throws(() => clientOf(endpoint), { code: 'API_ENDPOINT_INVALID' });
    }
  });

  test('a certificate that is not of the given CA is not trusted, and one that is, is', async (context) => {
    const made = await makeCertificate();
    if (made === undefined) return context.skip('no `openssl` is installed');
    const server = await startTestServer({ answer: answerAll, tls: made });
    try {
      await clientOf(server.endpoint, { caPem: made.cert }).landfall('DescribeService', {});
      await expectCode('API_UNTRUSTED', clientOf(server.endpoint).landfall('DescribeService', {}));
      const elsewhere = server.endpoint.replace('127.0.0.1', 'localhost');
      await expectCode(
        'API_UNTRUSTED',
        clientOf(elsewhere, { caPem: made.cert }).landfall('DescribeService', {}),
      );
      assert.equal(server.calls.length, 1);
    } finally {
      await server.close();
    }
  });
});

const PIECE = Buffer.alloc(64 * 1024, 1);

function contentOf({ name }: ReceivedCall['operation'], pieces: number, stalls = false) {
  assert.equal(name, 'GetRecoveryPointFile');
  async function* content() {
    for (let sent = 0; sent < pieces; sent += 1) yield PIECE;
    if (stalls) await new Promise(() => undefined);
  }
  return { kind: 'FILE', mode: 0o640, content: content() };
}

async function fetchFrom({ endpoint }: TestServer): Promise<IncomingMessage> {
  const client = clientOf(endpoint);
  const answer = await client.landfall('GetRecoveryPointFile', { sourceServerID: SERVER_ID, path: '/a' });
  assert.ok(answer.content instanceof IncomingMessage);
  return answer.content;
}

async function wholeOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await systemClock.sleep(5);
}

function answerAll({ operation }: ReceivedCall): unknown {
  if (operation.name === 'ListTagsForResource') return { tags: { Name: 'web 1' } };
  if (operation.name === 'StartLaunch') return { job: { jobID: 'mgnjob-0123456789abcdefA' } };
  return {};
}

async function expectCode(code: string, promise: Promise<unknown>): Promise<void> {
  const error = await rejectionOf(promise);
  assert.ok(error instanceof OperationError, String(error));
  assert.equal(error.code, code);
  assert.ok(error.hint);
}

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it should be refused'),
    (error: unknown) => error,
  );
}

/** A self-signed certificate for 127.0.0.1 and its key, both PEM. */
async function makeCertificate(): Promise<{ key: string; cert: string } | undefined> {
  const { stdout } = await run(['which', 'openssl']);
  if (stdout === '') return undefined;
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', '-', '-out', '-'];
  const made = await run(['openssl', 'req', ...options, ...names]);
  const [key = '', cert = ''] = made.stdout.split(/(?=-----BEGIN CERTIFICATE)/);
  return { key, cert };
}
