import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError, seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { Decoder } from './decoder.ts';
import { encodeMessage } from './encoder.ts';
import { anyMessage } from './messages.testing.ts';
import { EXTENT_BYTES_MAX, type Message } from './messages.ts';

function frame(type: number, bodyBytes: number, body = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(1 + bodyBytes, 0);
  header.writeUInt8(type, 4);
  return Buffer.concat([header, body]);
}

function codeOf(bytes: Buffer): string | undefined {
  try {
    new Decoder(() => undefined).push(bytes);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof OperationError, String(error));
    return error.code;
  }
}

test('every message comes out as it went in, however its bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 8 }), fc.nat(), (messages, seed) => {
      const random = seededRandom(seed);
      const decoded: Message[] = [];
      const decoder = new Decoder((message) => decoded.push(message));
      const bytes = Buffer.concat(messages.flatMap((message) => [...encodeMessage(message)]));
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + 1 + random.integer(random.integer(2) === 0 ? 8 : 40_000));
        decoder.push(bytes.subarray(at, end));
        at = end;
      }
      assert.ok(decoder.isBetweenFrames);
      assert.deepEqual(decoded, messages);
    }),
    { numRuns: 300 },
  );
});

test('a frame of an unknown type is refused by its header alone', () => {
  assert.equal(codeOf(frame(0, 10)), 'FRAME_UNKNOWN');
  assert.equal(codeOf(frame(99, 10)), 'FRAME_UNKNOWN');
  assert.equal(codeOf(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')), 'FRAME_UNKNOWN');
});

test('a frame that announces too much is refused before its bytes come', () => {
  assert.equal(codeOf(frame(4, 21 + EXTENT_BYTES_MAX)), 'FRAME_OVERSIZED');
  assert.equal(codeOf(frame(1, 65_537)), 'FRAME_OVERSIZED');
  assert.equal(codeOf(frame(13, 65_537)), 'FRAME_OVERSIZED');
  assert.equal(codeOf(frame(4, 0xffff_fffe)), 'FRAME_OVERSIZED');
});

test('a body that is too short, or no frame at all, is malformed', () => {
  assert.equal(codeOf(frame(4, 20)), 'FRAME_MALFORMED');
  assert.equal(codeOf(Buffer.from([0, 0, 0, 0, 1])), 'FRAME_MALFORMED');
});

const control: readonly [string, number, string][] = [
  ['no JSON', 6, '{"epoch":'],
  ['a list instead of an object', 7, '[1]'],
  ['an epoch of zero', 7, '{"epoch":0}'],
  ['a fraction', 7, '{"epoch":1.5}'],
  ['a number that is not safe', 7, '{"epoch":9007199254740992}'],
  ['a missing field', 6, '{"epoch":1}'],
  ['a text that is too long', 3, JSON.stringify({ code: 'X', message: 'm'.repeat(2001), retryable: true })],
  [
    'no disks',
    1,
    JSON.stringify({ protocolVersions: [1], sourceServerId: 's', agentVersion: '1', disks: [] }),
  ],
  ['too many chunks', 8, '{"requestId":1,"diskIndex":0,"firstChunk":0,"count":1025}'],
];

for (const [what, type, json] of control) {
  test(`a control message with ${what} is malformed`, () => {
    const body = Buffer.from(json);
    assert.equal(codeOf(frame(type, body.length, body)), 'FRAME_MALFORMED');
  });
}

test('an extent with an unknown codec, a wrong length or an unsafe offset is malformed', () => {
  const body = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32BE(4, 4);
    change(bytes);
    return codeOf(frame(4, bytes.length, bytes));
  };
  assert.equal(
    body(() => undefined),
    undefined,
  );
  assert.equal(
    body((bytes) => bytes.writeUInt8(2, 2)),
    'FRAME_MALFORMED',
  );
  assert.equal(
    body((bytes) => bytes.writeUInt8(1, 3)),
    'FRAME_MALFORMED',
  );
  assert.equal(
    body((bytes) => bytes.writeUInt16BE(64, 0)),
    'FRAME_MALFORMED',
  );
  assert.equal(
    body((bytes) => bytes.writeUInt32BE(5, 4)),
    'FRAME_MALFORMED',
  );
  assert.equal(
    body((bytes) => bytes.writeUInt32BE(EXTENT_BYTES_MAX + 1, 4)),
    'FRAME_MALFORMED',
  );
  assert.equal(
    body((bytes) => bytes.writeBigUInt64BE(2n ** 53n - 4n, 8)),
    'FRAME_MALFORMED',
  );
});

test('an announced extent takes no more memory than has arrived', () => {
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 100 }, () => {
    const decoder = new Decoder(() => undefined);
    decoder.push(frame(4, 20 + EXTENT_BYTES_MAX));
    return decoder;
  });
  assert.ok(process.memoryUsage().arrayBuffers - before < 100 * 100 * 1024);
  assert.ok(decoders.every((decoder) => !decoder.isBetweenFrames));
});
