import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from './byte-queue.ts';

describe('a byte queue', () => {
  it('gives the bytes back in order, whatever the sizes they come and go in', () => {
    const chunk = fc.uint8Array({ maxLength: 40 });
    const property = fc.property(fc.array(chunk, { maxLength: 200 }), fc.infiniteStream(fc.nat(60)), check);
    fc.assert(property, { numRuns: 200 });
  });
});

function check(chunks: Uint8Array[], sizes: Iterator<number>): void {
  const queue = new ByteQueue();
  const read: Buffer[] = [];
  for (const chunk of chunks) {
    queue.push(Buffer.from(chunk));
    const size = sizes.next().value;
    const whole = queue.takeWhole(size);
    const target = Buffer.alloc(size);
    read.push(whole ?? target.subarray(0, queue.moveTo(target, 0)));
  }
  const rest = Buffer.alloc(queue.lengthBytes);
  assert.equal(queue.moveTo(rest, 0), rest.length);
  assert.equal(queue.lengthBytes, 0);
  assert.deepEqual(Buffer.concat([...read, rest]), Buffer.concat(chunks));
}
