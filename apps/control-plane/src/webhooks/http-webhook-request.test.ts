import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { cleanUpAfter } from '../testing/clean-up.ts';
import { LOOPBACK_NETWORK, startWebhookReceiver } from '../testing/webhook-receiver.ts';
import { createAddressGuard } from './address-guard.ts';
import { sendWebhook, type WebhookOutcome } from './http-webhook-request.ts';

const CLOSED = createAddressGuard([]);
const TRUSTING = createAddressGuard([LOOPBACK_NETWORK, '::1/128']);
const SENT = { headers: { 'content-type': 'application/json' }, body: '{}' };

function errorOf(outcome: WebhookOutcome): string {
  return 'error' in outcome ? outcome.error : `answered ${outcome.statusCode}`;
}

test('a name that leads to a closed address is not connected to, and neither is the address itself', async (t) => {
  const { port, received } = await startWebhookReceiver(t);
  for (const host of ['localhost', '127.0.0.1', '127.1', '0x7f000001', '[::ffff:127.0.0.1]', '[::1]', '0']) {
    for (const protocol of ['http', 'https']) {
      const url = `${protocol}://${host}:${port}/`;
      assert.match(errorOf(await sendWebhook(CLOSED, { ...SENT, url })), /is not open to webhooks/, url);
    }
  }
  assert.equal(received.length, 0);
});

test('outside of named networks only https is spoken', async () => {
  const outcome = await sendWebhook(CLOSED, { ...SENT, url: 'http://192.168.1.1/' });
  assert.match(errorOf(outcome), /needs https/);
});

test('a redirect is an answer, not a direction', async (t) => {
  const receiver = await startWebhookReceiver(t);
  receiver.statusCode = 307;
  assert.deepEqual(await sendWebhook(TRUSTING, { ...SENT, url: receiver.url }), { statusCode: 307 });
  assert.equal(receiver.received.length, 1);
  receiver.statusCode = 200;
  const byName = await sendWebhook(TRUSTING, { ...SENT, url: `http://localhost:${receiver.port}/` });
  assert.deepEqual(byName, { statusCode: 200 });
});

test('an answer without an end, no HTTP, and nobody there are failures, not exceptions', async (t) => {
  const sockets = new Set<{ destroy(): void }>();
  const endless = createServer((socket) => {
    sockets.add(socket.resume().on('error', () => undefined));
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n');
    for (let count = 0; count < 4; count += 1) socket.write('x'.repeat(64 * 1024));
  });
  const babble = createServer(
    (socket) =>
      void socket
        .resume()
        .on('error', () => undefined)
        .end('hello\r\n'),
  );
  const ports: number[] = [];
  for (const server of [endless, babble]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as { port: number }).port);
    cleanUpAfter(t, () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
  }
  const send = (port: number) => sendWebhook(TRUSTING, { ...SENT, url: `http://127.0.0.1:${port}/` });
  assert.deepEqual(await send(ports[0] ?? 0), { statusCode: 200 }, 'W3: only so much of it is read');
  assert.ok('error' in (await send(ports[1] ?? 0)));
  await new Promise((resolve) => babble.close(resolve));
  assert.match(errorOf(await send(ports[1] ?? 0)), /ECONNREFUSED/);
});
