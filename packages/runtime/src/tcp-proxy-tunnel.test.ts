import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after as afterAll, afterEach, before, test } from 'node:test';
import { systemClock } from './clock.ts';
import { OperationError } from './operation-error.ts';
import { parseProxy } from './proxy-settings.ts';
import { createDial } from './tcp-dial.ts';
import { startTestProxy, type TestProxy } from './tcp-proxy.testing.ts';
import { HEADER_BYTES_MAX, openProxyTunnel } from './tcp-proxy-tunnel.ts';

const HOST = 'target.landfall.invalid';
const LONG_MS = 60_000;
let proxy: TestProxy;
let target: { readonly port: number; close(): void };

before(async () => {
  proxy = await startTestProxy({ hosts: { [HOST]: '127.0.0.1', '::1': '127.0.0.1' } });
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  target = { port: address.port, close: () => server.close() };
});

afterEach(() => proxy.misbehave(undefined));

afterAll(async () => {
  target.close();
  await proxy.close();
});

function open(
  options: { readonly url?: string; readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
) {
  const { url = proxy.url, timeoutMs = LONG_MS, signal } = options;
  return openProxyTunnel(parseProxy(url), { host: HOST, port: target.port }, { timeoutMs, signal });
}

async function failure(opening: Promise<Socket>): Promise<OperationError> {
  const [outcome] = await Promise.allSettled([opening]);
  assert.ok(outcome.status === 'rejected', 'a tunnel was opened');
  assert.ok(outcome.reason instanceof OperationError, String(outcome.reason));
  return outcome.reason;
}

/** The attempt is over for the proxy too: nobody holds its socket any more. */
async function untilAllClosed(): Promise<void> {
  const deadline = AbortSignal.timeout(LONG_MS);
  while (proxy.open.size > 0) await systemClock.sleep(5, deadline);
}

async function echoed(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = await once(socket, 'data');
  return String(chunk);
}

test('bytes go both ways through the tunnel, and an end is an end for both', async () => {
  const socket = await open();
  assert.equal(await echoed(socket, 'hello'), 'hello');
  assert.equal(proxy.asked.at(-1), `${HOST}:${target.port}`);
  assert.match(proxy.headers.at(-1) ?? '', /^CONNECT (\S+) HTTP\/1\.1\r\nHost: \1\r\n\r\n$/);
  socket.destroy();
  await untilAllClosed();
});

test('an IPv6 target is asked for in brackets', async () => {
  const way = { timeoutMs: LONG_MS };
  const socket = await openProxyTunnel(parseProxy(proxy.url), { host: '::1', port: target.port }, way);
  assert.match(proxy.headers.at(-1) ?? '', /^CONNECT \[::1\]:\d+ /);
  socket.destroy();
});

test('what comes with the answer belongs to the target', async () => {
  proxy.misbehave((socket) => {
    socket.once('data', () => socket.write('HTTP/1.0 200\r\n\r\nalready here'));
  });
  const socket = await open();
  const [chunk] = await once(socket, 'data');
  assert.equal(String(chunk), 'already here');
  socket.destroy();
});

test('a proxy with authentication: with, without and with wrong credentials', async () => {
  const strict = await startTestProxy({ credentials: 'jo:s3cret', hosts: { [HOST]: '127.0.0.1' } });
  const socket = await open({ url: strict.url });
  assert.equal(await echoed(socket, 'x'), 'x');
  socket.destroy();
  const none = await failure(open({ url: strict.url.replace('jo:s3cret@', '') }));
  assert.equal(none.code, 'PROXY_AUTHENTICATION_REQUIRED');
  assert.match(none.message, /none were given/);
  const wrong = await failure(open({ url: strict.url.replace('s3cret', 'wr0ng') }));
  assert.equal(wrong.code, 'PROXY_AUTHENTICATION_REQUIRED');
  assert.match(wrong.message, /those of "jo" are not accepted/);
  assert.ok(!JSON.stringify([wrong.message, wrong.hint, wrong.context]).includes('wr0ng'));
  await strict.close();
  const gone = await failure(open({ url: strict.url }));
  assert.equal(gone.code, 'PROXY_UNREACHABLE');
  assert.ok(gone.retryable && !gone.message.includes('s3cret'));
});

test('a refusal shows the status line, made harmless', async () => {
  proxy.misbehave((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 403 For\u001b[2Jbidden\nX\r\nA: b\r\n\r\n'));
  });
  const refused = await failure(open());
  assert.equal(refused.code, 'PROXY_REFUSED');
  assert.match(refused.message, /"HTTP\/1\.1 403 For\?\[2Jbidden\?X"$/);
  await untilAllClosed();
});

test('garbage, an endless header and a TLS server are no proxy', async () => {
  const answers: readonly [string, RegExp][] = [
    ['220 mail.example ESMTP\r\n\r\n', /it begins with "220 mail/],
    ['\u0015\u0003\u0001\r\n\r\n', /it begins with/],
    ['HTTP/2 200\r\n\r\n', /it begins with "HTTP\/2 200"/],
    ['HTTP/1.1 2000 OK\r\n\r\n', /it begins with/],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(HEADER_BYTES_MAX)}\r\n\r\n`, /over 16384 bytes/],
    ['y'.repeat(HEADER_BYTES_MAX * 4), /over 16384 bytes/],
  ];
  for (const [answer, explanation] of answers) {
    proxy.misbehave((socket) => void socket.once('data', () => socket.write(answer)));
    const failed = await failure(open());
    assert.equal(failed.code, 'PROXY_ANSWER_INVALID', answer.slice(0, 20));
    assert.match(failed.message, explanation);
    await untilAllClosed();
  }
});

test('a proxy that hangs, or dribbles for ever, costs one deadline', async () => {
  proxy.misbehave((socket) => void socket.resume());
  assert.equal((await failure(open({ timeoutMs: 50 }))).code, 'PROXY_TIMED_OUT');
  proxy.misbehave(async (socket) => {
    while (!socket.destroyed) {
      socket.write('H');
      await systemClock.sleep(5);
    }
  });
  assert.equal((await failure(open({ timeoutMs: 200 }))).code, 'PROXY_TIMED_OUT');
  await untilAllClosed();
});

test('a header in single bytes is a header', async () => {
  proxy.misbehave(async (socket) => {
    await once(socket, 'data');
    socket.pause(); // What comes after the last byte waits for the echo.
    for (const character of 'HTTP/1.1 200 OK\r\nVia: slow\r\n\r\n') {
      socket.write(character);
      await systemClock.sleep(1);
    }
    socket.pipe(socket);
  });
  const socket = await open();
  assert.equal(await echoed(socket, 'z'), 'z');
  socket.destroy();
});

test('a proxy that goes away at any byte of its answer is told as that', async () => {
  const answer = 'HTTP/1.1 200 OK\r\nVia: x\r\n\r\n';
  for (let bytes = 0; bytes < answer.length; bytes += 1) {
    for (const how of ['end', 'reset'] as const) {
      proxy.misbehave((socket) => {
        socket.once('data', () => {
          socket.write(answer.slice(0, bytes), () => {
            if (how === 'end') socket.end();
            else socket.resetAndDestroy();
          });
        });
      });
      const failed = await failure(open());
      assert.equal(failed.code, 'PROXY_ANSWER_INVALID', `${how} after ${bytes} bytes`);
    }
  }
  proxy.misbehave((socket) => socket.resetAndDestroy());
  assert.match((await failure(open())).code, /^PROXY_(ANSWER_INVALID|UNREACHABLE)$/);
  await untilAllClosed();
});

test('an abort ends the attempt and the socket, before and in between', async () => {
  proxy.misbehave((socket) => void socket.resume());
  const reason = new Error('stop');
  await assert.rejects(open({ signal: AbortSignal.abort(reason) }), reason);
  const abort = new AbortController();
  const opening = open({ signal: abort.signal });
  const deadline = AbortSignal.timeout(LONG_MS);
  while (proxy.open.size === 0) await systemClock.sleep(1, deadline);
  abort.abort(reason);
  await assert.rejects(opening, reason);
  await untilAllClosed();
});

test('a target that would be a header of its own is refused before anybody is asked', () => {
  const target = { host: 'a\r\nX-Evil: 1', port: 1 };
  assert.throws(() => openProxyTunnel(parseProxy(proxy.url), target, { timeoutMs: 1 }), {
    code: 'PROXY_TARGET_INVALID',
  });
});

test('exceptions are dialled straight; settings are asked for at every connection', async () => {
  const asked = proxy.asked.length;
  let exceptions = ['127.0.0.1'];
  const dial = createDial(async () => parseProxy(proxy.url, exceptions));
  const straight = await dial({ host: '127.0.0.1', port: target.port }, { timeoutMs: LONG_MS });
  assert.equal(await echoed(straight, 'a'), 'a');
  assert.equal(proxy.asked.length, asked);
  exceptions = [];
  const through = await dial({ host: HOST, port: target.port }, { timeoutMs: LONG_MS });
  assert.equal(proxy.asked.length, asked + 1);
  straight.destroy();
  through.destroy();
  const none = createDial(async () => undefined);
  await assert.rejects(none({ host: '127.0.0.1', port: 1 }, { timeoutMs: LONG_MS }), {
    code: 'ECONNREFUSED',
  });
});
