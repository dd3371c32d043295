import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperationError } from '@landfall/runtime';
import fc from 'fast-check';
import { PendingReply } from './pending-reply.ts';
import { COMMAND } from './protocol.ts';
import * as codec from './transmission-codec.ts';

const u16 = fc.nat(2 ** 16 - 1);
const u32 = fc.nat(2 ** 32 - 1);
const cookie = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytesOf = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
const payload = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

function survives(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    assert.ok(error instanceof OperationError, `${error}`);
    assert.equal(error.code, 'NBD_PROTOCOL_VIOLATION');
  }
}

describe('the transmission codec', () => {
  it('decodes what it encoded', () => {
    const request = fc.record({
      flags: u16,
      command: u16,
      cookie,
      offsetBytes: fc.maxSafeNat(),
      lengthBytes: u32,
    });
    const property = fc.property(request, u32, (message, errno) => {
      assert.deepEqual(codec.decodeRequest(codec.encodeRequest(message)), { ...message });
      const simple = codec.encodeSimpleReply(message.cookie, errno);
      assert.deepEqual(codec.decodeReplyHeader(simple), { kind: 'SIMPLE', cookie: message.cookie, errno });
      const { flags, command: type, lengthBytes } = message;
      const chunk = { flags, type, cookie: message.cookie, lengthBytes };
      assert.deepEqual(codec.decodeReplyHeader(codec.encodeChunkHeader(chunk)), { kind: 'CHUNK', ...chunk });
      const hole = { offsetBytes: message.offsetBytes, lengthBytes };
      assert.deepEqual(codec.decodeHole(codec.encodeHole(hole.offsetBytes, hole.lengthBytes)), hole);
    });
    fc.assert(property);
  });

  it('decodes the extents it encoded', () => {
    const lengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.boolean()), {
      minLength: 1,
    });
    const property = fc.property(lengths, fc.nat(1e9), (parts, offsetBytes) => {
      let position = offsetBytes;
      const extents = parts.map(([lengthBytes, zero]) => {
        position += lengthBytes;
        return { offsetBytes: position - lengthBytes, lengthBytes, zero };
      });
      const decoded = codec.decodeBlockStatus(codec.encodeBlockStatus(5, extents), offsetBytes);
      assert.deepEqual(decoded, { contextId: 5, extents });
    });
    fc.assert(property);
  });

  it('survives any bytes', () => {
    fc.assert(fc.property(bytesOf(codec.REQUEST_BYTES), (it) => survives(() => codec.decodeRequest(it))));
    fc.assert(
      fc.property(bytesOf(codec.REPLY_MAGIC_BYTES), (it) => survives(() => codec.replyHeaderBytes(it))),
    );
    const property = fc.property(payload, (bytes) => {
      codec.decodeHole(bytes);
      codec.decodeError(bytes);
      codec.decodeBlockStatus(bytes, 0);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it('cuts an offset that is no safe number to one that is beyond every disk', () => {
    const message = codec.encodeRequest({ flags: 0, command: 0, cookie: 1n, offsetBytes: 0, lengthBytes: 1 });
    message.writeBigUInt64BE(2n ** 64n - 1n, 16);
    assert.equal(codec.decodeRequest(message).offsetBytes, Number.MAX_SAFE_INTEGER);
  });
});

describe('a pending reply', () => {
  const request = { command: COMMAND.READ, flags: 0, cookie: 1n, offsetBytes: 1000, lengthBytes: 100 };

  it('is complete only when its chunks cover the read without gaps or overlaps', () => {
    const place = fc.record({ offsetBytes: fc.integer({ min: 990, max: 1110 }), lengthBytes: fc.nat(110) });
    const property = fc.property(fc.array(place, { maxLength: 6 }), (places) => {
      const reply = new PendingReply(request, { target: Buffer.alloc(100, 0xa5) });
      survives(() => {
        for (const at of places) reply.placeFor(at).fill(1);
        assert.equal(reply.finish(), undefined);
        assert.ok(reply.target?.every((byte) => byte === 1));
      });
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('takes chunks in any order, and zeroes holes', () => {
    const target = Buffer.alloc(100, 0xa5);
    const reply = new PendingReply(request, { target });
    reply.placeFor({ offsetBytes: 1060, lengthBytes: 40 }).fill(2);
    reply.take(2, codec.encodeHole(1000, 60));
    assert.equal(reply.finish(), undefined);
    assert.deepEqual(target, Buffer.concat([Buffer.alloc(60), Buffer.alloc(40, 2)]));
  });

  it('keeps the first error', () => {
    const reply = new PendingReply(request, { target: Buffer.alloc(100) });
    reply.take(2 ** 15 + 1, codec.encodeError(5, 'broken'));
    reply.take(2 ** 15 + 1, codec.encodeError(22, 'late'));
    assert.deepEqual(reply.finish(), { errno: 5, text: 'broken' });
  });

  it('survives chunks of any type with any bytes', () => {
    const property = fc.property(u16, payload, (type, bytes) => {
      const reply = new PendingReply(request, { target: Buffer.alloc(100), allocationId: 1 });
      survives(() => {
        reply.take(type, bytes);
        reply.finish();
      });
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
