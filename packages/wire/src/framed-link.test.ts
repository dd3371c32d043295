import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { CODEC_RAW, payloadChecksum } from '@landfall/block';
import { OperationError, seededRandom } from '@landfall/runtime';
import { RECEIVE_BUFFER_BYTES_MAX, SEND_BUFFER_BYTES_MAX } from './framed-link.ts';
import type { Link } from './link.ts';
import { createMemoryLinkPair } from './memory-link.ts';
import { EXTENT_BYTES_MAX, type Message } from './messages.ts';

const ABANDON: Message = { type: 'ABANDON' };

function extent(offsetBytes: number, lengthBytes: number): Message {
  const payload = Buffer.alloc(lengthBytes, 7);
  const checksum = payloadChecksum(payload);
  return {
    type: 'EXTENT',
    header: { diskIndex: 0, offsetBytes, lengthBytes, codec: CODEC_RAW, checksum },
    payload,
  };
}

async function collect(link: Link): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of link.messages()) messages.push(message);
  return messages;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const [outcome] = await Promise.allSettled([promise]);
  assert.ok(outcome.status === 'rejected', 'it was expected to fail');
  assert.ok(outcome.reason instanceof OperationError, String(outcome.reason));
  return outcome.reason.code;
}

test('messages arrive in order, and a close in good order delivers what was sent before it', async () => {
  const { left, right } = createMemoryLinkPair({ random: seededRandom(3), pieceBytesMax: 50 });
  const received = collect(right);
  for (let token = 0; token < 100; token += 1) await left.send({ type: 'PING', token });
  await left.close();
  assert.deepEqual(
    await received,
    Array.from({ length: 100 }, (_value, token) => ({ type: 'PING', token })),
  );
  assert.equal(right.bytesReceived, left.bytesSent);
});

test('a connection cut in the middle of a frame is an error, not an end', async () => {
  const pair = createMemoryLinkPair();
  const received = collect(pair.right);
  pair.cutAfterBytes(1000);
  await Promise.allSettled([pair.left.send(extent(0, 4096))]);
  assert.equal(await codeOf(received), 'LINK_LOST');
  assert.equal(await codeOf(collect(pair.left)), 'LINK_LOST');
  assert.equal(await codeOf(pair.left.send(ABANDON)), 'LINK_LOST');
});

test('a refusal reaches a peer that is still sending', async () => {
  const { left, right } = createMemoryLinkPair({ pieceBytesMax: 4096 });
  const received = collect(left);
  const sending = Promise.allSettled(Array.from({ length: 6 }, () => left.send(extent(0, EXTENT_BYTES_MAX))));
  await right.send({ type: 'REFUSE', code: 'STAGING_FULL', message: 'full', retryable: true });
  const closing = right.close();
  assert.equal((await received)[0]?.type, 'REFUSE');
  left.destroy();
  await Promise.all([closing, sending]);
});

test('a sender waits for a receiver that does not take, and neither holds more than its bound', async () => {
  const { left, right } = createMemoryLinkPair();
  let sent = 0;
  const sending = (async () => {
    for (; sent < 64; sent += 1) await left.send(extent(0, EXTENT_BYTES_MAX));
  })();
  for (let turn = 0; turn < 2000; turn += 1) await setImmediate();
  const bound = SEND_BUFFER_BYTES_MAX + RECEIVE_BUFFER_BYTES_MAX + 4 * EXTENT_BYTES_MAX;
  assert.ok(sent * EXTENT_BYTES_MAX < bound, `${sent} were sent with nobody taking`);
  const received = collect(right);
  await sending;
  await left.close();
  assert.equal((await received).length, 64);
});

test('bytes that are no protocol of ours end the link with the reason', async () => {
  const { left, right } = createMemoryLinkPair();
  const received = collect(right);
  await left.send({ type: 'DURABLE', epoch: 0 });
  assert.equal(await codeOf(received), 'FRAME_MALFORMED');
});

test('a destroyed link fails whoever sends or receives', async () => {
  const { left, right } = createMemoryLinkPair();
  const received = collect(left);
  left.destroy();
  assert.equal(await codeOf(received), 'LINK_LOST');
  assert.equal(await codeOf(left.send(ABANDON)), 'LINK_LOST');
  assert.equal(await codeOf(collect(right)), 'LINK_LOST');
});
