import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperationError } from '@landfall/runtime';
import fc from 'fast-check';
import * as codec from './handshake-codec.ts';

const text = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter((it) => it.isWellFormed() && !it.includes('\0'));
const u16 = fc.nat(2 ** 16 - 1);
const u32 = fc.nat(2 ** 32 - 1);
/** Fixed-size headers are only ever decoded at their size; payloads at any. */
const header = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(Buffer.from);
const payload = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

function survives(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    assert.ok(error instanceof OperationError, `${error}`);
    assert.equal(error.code, 'NBD_PROTOCOL_VIOLATION');
  }
}

describe('the handshake codec', () => {
  it('decodes what it encoded', () => {
    const property = fc.property(
      text,
      fc.array(u16, { maxLength: 9 }),
      fc.array(text, { maxLength: 9 }),
      u32,
      (exportName, wanted, queries, number) => {
        assert.deepEqual(codec.decodeInfoRequest(codec.encodeInfoRequest({ exportName, wanted })), {
          exportName,
          wanted,
        });
        const request = codec.encodeMetaContextRequest({ exportName, queries });
        assert.deepEqual(codec.decodeMetaContextRequest(request), { exportName, queries });
        const reply = codec.encodeOptionReply(number, 7, request);
        assert.deepEqual(codec.decodeOptionReplyHeader(reply), {
          option: number,
          type: 7,
          lengthBytes: request.length,
        });
        const facts = { sizeBytes: number, transmissionFlags: 3 };
        assert.deepEqual(codec.decodeInfoReply(codec.encodeExportInfo(facts)), { kind: 'EXPORT', ...facts });
      },
    );
    fc.assert(property);
  });

  it('survives any bytes', () => {
    fc.assert(fc.property(header(codec.GREETING_BYTES), (it) => survives(() => codec.decodeGreeting(it))));
    fc.assert(
      fc.property(header(codec.CLIENT_FLAGS_BYTES), (it) => survives(() => codec.decodeClientFlags(it))),
    );
    fc.assert(
      fc.property(header(codec.OPTION_HEADER_BYTES), (it) => survives(() => codec.decodeOptionHeader(it))),
    );
    const reply = header(codec.OPTION_REPLY_HEADER_BYTES);
    fc.assert(fc.property(reply, (it) => survives(() => codec.decodeOptionReplyHeader(it))));
    const decoders = [
      codec.decodeInfoRequest,
      codec.decodeMetaContextRequest,
      codec.decodeMetaContext,
      codec.decodeInfoReply,
    ];
    const property = fc.property(payload, fc.constantFrom(...decoders), (bytes, decode) => {
      decode(bytes);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it('survives its own messages with any bytes changed, cut or added', () => {
    const request = codec.encodeMetaContextRequest({
      exportName: 'disk',
      queries: ['base:allocation', 'x:y'],
    });
    const damage = fc.tuple(fc.nat(request.length - 1), fc.nat(255), fc.nat(request.length), payload);
    const property = fc.property(damage, ([at, value, end, tail]) => {
      const damaged = Buffer.concat([request.subarray(0, end), tail]);
      if (at < damaged.length) damaged[at] = value;
      const decoded = codec.decodeMetaContextRequest(damaged);
      assert.ok(decoded === undefined || decoded.queries.length <= damaged.length / 4);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
