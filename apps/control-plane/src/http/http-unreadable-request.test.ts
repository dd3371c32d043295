import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { allOperations } from '@landfall/api';
import { systemClock, systemRandom } from '@landfall/runtime';
import { loadServerCertificate } from '../identity/file-authority.ts';
import { cleanUpAfter } from '../testing/clean-up.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { closeListener, createApp, listen } from './http-server.ts';

interface Door {
  /** All that is answered to a text, until the connection ends. */
  say(text: string): Promise<string>;
}

const SLOWNESS = { headersMsMax: 500, requestMsMax: 700, checkEveryMs: 50 };

async function openDoor(t: TestContext): Promise<Door> {
  const plane = await startTestControlPlane(t);
  const { service } = plane.current();
  const files = { stateDir: plane.stateDir, clock: systemClock, random: systemRandom };
  const certificate = await loadServerCertificate(files, service.authority, ['127.0.0.1']);
  const place = { host: '127.0.0.1', port: 0, slowness: SLOWNESS };
  const listener = await listen({ ...certificate, caPem: plane.caPem, ...place });
  cleanUpAfter(t, () => closeListener(listener));
  const { signal: closing } = new AbortController();
  const app = await createApp({ service, agentBinary: undefined, closing }, listener);
  cleanUpAfter(t, () => app.close());
  return {
    say: (text) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: listener.port, ca: plane.caPem });
        let answer = '';
        socket.setEncoding('utf8').on('data', (piece: string) => {
          answer += piece;
        });
        socket.once('error', reject).once('close', () => resolve(answer));
        socket.write(text);
      }),
  };
}

function checkAnswer(answer: string, status: number, what: string): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  assert.match(head, new RegExp(`^HTTP/1.1 ${status} `), `${what}: ${answer}`);
  assert.match(head, /\r\nx-amzn-errortype: ValidationException\r\n/i, what);
  assert.match(head, /\r\nx-amzn-requestid: [0-9a-f-]{36}\r\n/i, what);
  assert.match(head, /\r\ncontent-type: application\/json\r\n/i, what);
  const { code, message, reason } = JSON.parse(body);
  assert.deepEqual([code, reason], ['ValidationException', 'cannotParse'], what);
  assert.ok(message.length > 10, what);
}

test('what is no HTTP is refused in the form of every other error', async (t) => {
  const { say } = await openDoor(t);
  const cases: readonly (readonly [what: string, text: string, status: number])[] = [
    ['no HTTP at all', 'hello there\r\n\r\n', 400],
    ['a method of nobody', 'DESCRIBE /DescribeJobs HTTP/1.1\r\nhost: a\r\n\r\n', 400],
    ['another version', 'GET / HTTP/9.9\r\nhost: a\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
    ['no such chunk', 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
    ['a giant head', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(32_768)}\r\n\r\n`, 431],
    ['a giant path', `GET /${'x'.repeat(32_768)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431],
  ];
  for (const [what, text, status] of cases) checkAnswer(await say(text), status, what);
});

test('slow clients of every operation are cut off, told why, and keep nobody else from an answer', async (t) => {
  const { say } = await openDoor(t);
  const operations = [...allOperations('mgn'), ...allOperations('landfall')];
  const heads = operations.map(({ method, path }) => `${method} ${path} HTTP/1.1\r\nhost: a\r\n`);
  const slowHead = heads.map((head) => ({ what: `half a head: ${head}`, text: head }));
  const slowBody = heads
    .filter((head) => head.startsWith('POST'))
    .map((head) => ({ what: `half a body: ${head}`, text: `${head}content-length: 99\r\n\r\n{"a":` }));
  const waiting = [...slowHead, ...slowBody].map(async ({ what, text }) => {
    checkAnswer(await say(text), 408, what);
  });
  assert.match(await say('GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'), /^HTTP\/1.1 200 /);
  await Promise.all(waiting);
  t.diagnostic(`slow clients: ${waiting.length}`);
});
