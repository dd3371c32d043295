import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIB, seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { RECORD_BUFFER_BYTES, RecordBuffer } from './record-buffer.ts';

const record = fc.record({
  headerBytes: fc.integer({ min: 1, max: 200 }),
  payloadBytes: fc.option(
    fc.oneof(fc.nat(3000), fc.integer({ min: 15 * KIB, max: 17 * KIB }), fc.nat(2 * RECORD_BUFFER_BYTES)),
    { nil: undefined },
  ),
  /** It lies in memory that has much more. */
  isPart: fc.boolean(),
});

test('what was put is there, in order, and each payload is released once, when it is used no more', () => {
  const property = fc.property(fc.array(record, { maxLength: 60 }), fc.nat(1000), (records, seed) => {
    const random = seededRandom(seed);
    const buffer = new RecordBuffer();
    let expected: Buffer[] = [];
    let [taken, released] = [0, 0];
    const empty = () => {
      assert.equal(
        buffer.bytes,
        expected.reduce((sum, { length }) => sum + length, 0),
      );
      assert.ok(Buffer.concat(buffer.parts()).equals(Buffer.concat(expected)));
      buffer.clear();
      expected = [];
      assert.equal(released, taken);
    };
    for (const { headerBytes, payloadBytes = -1, isPart } of records) {
      const header = random.bytes(headerBytes);
      const memory = Buffer.alloc(Math.max(0, payloadBytes) * (isPart ? 5 : 1), random.bytes(13));
      const payload = payloadBytes < 0 ? undefined : memory.subarray(0, payloadBytes);
      if (!buffer.hasRoom(headerBytes + Math.max(0, payloadBytes))) empty();
      expected.push(Buffer.from(header), ...(payload === undefined ? [] : [Buffer.from(payload)]));
      if (payload === undefined) {
        buffer.put(header);
      } else {
        taken += 1;
        buffer.put(header, payload, () => {
          released += 1;
          payload.fill(0);
        });
      }
      header.fill(0);
    }
    empty();
    buffer.close();
  });
  fc.assert(property, { numRuns: 150 });
});

test('one larger than everything is alone', () => {
  const buffer = new RecordBuffer();
  assert.ok(buffer.hasRoom(100 * RECORD_BUFFER_BYTES));
  buffer.put(Buffer.alloc(56), Buffer.alloc(2 * RECORD_BUFFER_BYTES));
  assert.ok(!buffer.hasRoom(1));
  buffer.clear();
  assert.ok(buffer.hasRoom(1));
});
