import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { OutgoingPieces } from './outgoing-pieces.ts';

/** A stream that takes one write at a time, when it is told to. */
class SlowStream extends Writable {
  readonly written: Buffer[] = [];
  #taken: ((error?: Error) => void) | undefined;

  override _write(bytes: Buffer, _encoding: string, taken: (error?: Error) => void): void {
    this.written.push(bytes);
    this.#taken = taken;
  }

  async take(error?: Error): Promise<void> {
    this.#taken?.(error);
    await new Promise(setImmediate);
  }
}

test('large pieces are written as they are, small ones together, all in order', async () => {
  const stream = new SlowStream();
  const sent: string[] = [];
  const pieces = new OutgoingPieces(stream, () => sent.push('taken'));
  const large = Buffer.alloc(1024 * 1024, 1);
  pieces.push(Buffer.from('first'), () => sent.push('first'));
  pieces.push(Buffer.from('a'));
  pieces.push(Buffer.from('b'), () => sent.push('b'));
  pieces.push(large, () => sent.push('large'));
  pieces.push(Buffer.from('c'));
  assert.equal(pieces.bytes, 5 + 3 + large.length);
  for (let count = 0; count < 4; count += 1) await stream.take();
  assert.deepEqual(
    stream.written.map((bytes) => (bytes === large ? 'large' : bytes.toString())),
    ['first', 'ab', 'large', 'c'],
  );
  assert.deepEqual(sent, ['first', 'taken', 'b', 'taken', 'large', 'taken', 'taken']);
  assert.equal(pieces.bytes, 0);
});

test('what waits when it ends is written before the end', async () => {
  const stream = new SlowStream();
  const pieces = new OutgoingPieces(stream, () => undefined);
  for (const text of ['a', 'b', 'c']) pieces.push(Buffer.from(text));
  pieces.end();
  const finished = new Promise((resolve) => stream.on('finish', resolve));
  for (let count = 0; count < 3; count += 1) await stream.take();
  await finished;
  assert.equal(Buffer.concat(stream.written).toString(), 'abc');
});

test('what a stream failed to take was not sent, and nothing is written after it', async () => {
  const stream = new SlowStream();
  stream.on('error', () => undefined);
  let taken = 0;
  let sent = 0;
  const pieces = new OutgoingPieces(stream, () => {
    taken += 1;
  });
  const count = () => {
    sent += 1;
  };
  pieces.push(Buffer.from('a'), count);
  pieces.push(Buffer.from('b'), count);
  await stream.take(new Error('gone'));
  assert.deepEqual({ taken, sent, written: stream.written.length }, { taken: 1, sent: 0, written: 1 });
});
