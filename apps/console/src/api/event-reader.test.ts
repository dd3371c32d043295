import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { EventReader, type StreamMessage } from './event-reader.ts';

const STREAM =
  ': hello\n\nid: 7\nevent: SourceServerChanged\ndata: {"a":\ndata: "서버"}\n\nretry: 10\n\nid: 8\ndata:x\n\ndata: half';
const EXPECTED: readonly StreamMessage[] = [
  { id: '7', event: 'SourceServerChanged', data: '{"a":\n"서버"}' },
  { id: '8', event: '', data: 'x' },
];

test('messages are the same wherever the stream is cut', () => {
  const property = fc.property(
    fc.constantFrom('\n', '\r\n', '\r'),
    fc.array(fc.nat(STREAM.length * 2)),
    (lineEnd, cuts) => {
      const bytes = new TextEncoder().encode(STREAM.replaceAll('\n', lineEnd));
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const reader = new EventReader();
      const messages = places.slice(1).flatMap((end, index) => reader.read(bytes.slice(places[index], end)));
      assert.deepEqual(messages, EXPECTED);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test('a line without an end is refused instead of kept', () => {
  const reader = new EventReader();
  const piece = new Uint8Array(40_000).fill(97);
  reader.read(piece);
  assert.throws(() => reader.read(piece), RangeError);
});
