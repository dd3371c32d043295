import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  encodeServerSentEvent,
  HEARTBEAT,
  readServerSentEvents,
  type SentEvent,
  ServerSentEventDecoder,
} from './server-sent-events.ts';

const word = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.replace(/[\r\n\0]/g, '_'));
const sentEvents: fc.Arbitrary<SentEvent[]> = fc.array(
  fc.record(
    { event: word, id: word, data: fc.string({ unit: 'grapheme' }) },
    { requiredKeys: ['data'], noNullPrototype: true },
  ),
  { maxLength: 6 },
);

test('what is written is read again, cut anywhere, with heartbeats in between', () => {
  fc.assert(
    fc.property(sentEvents, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (events, cuts) => {
      let text = events.map((event) => HEARTBEAT + encodeServerSentEvent(event)).join('');
      const decoder = new ServerSentEventDecoder();
      const read = [];
      for (const length of cuts) {
        read.push(...decoder.push(text.slice(0, length)));
        text = text.slice(length);
        if (text === '') break;
      }
      let id = '';
      const expected = events.map((event) => {
        id = event.id ?? id;
        const data = event.data.replace(/\r\n|\r/g, '\n');
        return { event: event.event ?? 'message', data, id };
      });
      assert.deepEqual(read, expected);
    }),
  );
});

test('every end of line the standard knows is one, and a byte order mark is none of the text', () => {
  const decoder = new ServerSentEventDecoder();
  const pieces = ['\u{feff}data: a\r', '\ndata:b\rid: 7\r\n\r', '\nda', 'ta\n: remark\n\n', 'retry: 5\n\n'];
  assert.deepEqual(
    pieces.flatMap((piece) => decoder.push(piece)),
    [
      { event: 'message', data: 'a\nb', id: '7' },
      { event: 'message', data: '', id: '7' },
    ],
  );
});

test('E1: a message without its empty line was never told', () => {
  assert.deepEqual(new ServerSentEventDecoder().push('id: 1\ndata: {"half":\n'), []);
});

test('E2: a message without an end is refused, not kept', () => {
  for (const piece of ['x'.repeat(100_000), `data: ${'x'.repeat(100_000)}\n`]) {
    const decoder = new ServerSentEventDecoder();
    assert.throws(() => {
      for (let count = 0; count < 12; count += 1) decoder.push(piece);
    }, RangeError);
  }
});

test('characters may be cut in two by the network', async () => {
  const bytes = Buffer.from(encodeServerSentEvent({ data: 'Grüße 🚀' }), 'utf8');
  async function* single() {
    for (const byte of bytes) yield Uint8Array.of(byte);
  }
  const read = await Array.fromAsync(readServerSentEvents(single()));
  assert.deepEqual(read, [{ event: 'message', data: 'Grüße 🚀', id: '' }]);
});
