import assert from 'node:assert/strict';
import test from 'node:test';
import type { ServiceEvent } from '@landfall/api/types';
import { ManualClock, settle } from '../browser-clock.testing.ts';
import { EventStream, OPENING_MS_MAX, POLL_MS } from './event-stream.ts';
import { apiFailure } from './failure.ts';

function world() {
  const clock = new ManualClock();
  const events: ServiceEvent[] = [];
  const openings: string[] = [];
  let looks = 0;
  let isUp = true;
  let tell: ReadableStreamDefaultController<Uint8Array> | undefined;
  const open = async (lastEventId: string) => {
    openings.push(lastEventId);
    if (!isUp) throw apiFailure({ name: 'ApiUnreachable', status: 0, message: 'down' });
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        tell = controller;
      },
    });
  };
  const onAnything = () => {
    looks += 1;
  };
  const stream = new EventStream({ clock, open, onEvent: (event) => events.push(event), onAnything });
  const say = (text: string) => tell?.enqueue(new TextEncoder().encode(text));
  const lose = (stays: boolean) => {
    isUp = !stays;
    tell?.close();
  };
  return {
    clock,
    events,
    openings,
    stream,
    say,
    lose,
    looks: () => looks,
    rise: () => {
      isUp = true;
    },
  };
}

const EVENT = { eventId: '5', eventTime: 'now', type: 'JobChanged', resourceId: 'mgnjob-1', summary: 'x' };

test('events arrive, and after a break it goes on after the last one', async () => {
  const { clock, events, openings, stream, say, lose, looks } = world();
  stream.start();
  await settle();
  assert.equal(stream.state, 'LIVE');
  say(`id: 5\ndata: ${JSON.stringify(EVENT)}\n\n`);
  await settle();
  assert.deepEqual(events, [EVENT]);
  lose(false);
  await clock.pass(2000);
  assert.deepEqual(openings, ['', '5']);
  assert.equal(stream.state, 'LIVE');
  assert.equal(looks(), 2);
  stream.stop();
});

test('while it is down there is one look every fifteen seconds, and none once it is back', async () => {
  const { clock, stream, say, lose, looks, rise, openings } = world();
  stream.start();
  await settle();
  lose(true);
  await clock.pass(4 * POLL_MS + 1000);
  assert.equal(stream.state, 'DOWN');
  assert.equal(looks(), 1 + 4);
  assert.ok(openings.length < 10, `${openings.length} attempts in a minute`);
  rise();
  await clock.pass(60_000);
  assert.equal(stream.state, 'LIVE');
  const before = looks();
  for (let beats = 0; beats < 10; beats += 1) {
    say(': still here\n\n');
    await clock.pass(POLL_MS);
  }
  assert.equal(looks(), before);
  stream.stop();
});

test('what the server says of the stream itself is no event, but what it cannot tell again is a reason to look', async () => {
  const { clock, events, openings, stream, say, lose, looks } = world();
  stream.start();
  await settle();
  say('id: 9\nevent: ready\ndata: {}\n\n');
  await settle();
  assert.equal(looks(), 1);
  say('event: resync\ndata: {}\n\n');
  await settle();
  assert.equal(looks(), 2);
  say('event: end\ndata: {"reason":"SERVER_STOPS"}\n\n');
  lose(false);
  await clock.pass(2000);
  assert.deepEqual(openings, ['', '9']);
  assert.deepEqual(events, []);
  stream.stop();
});

test('a line that has gone silent is given up and opened anew', async () => {
  const { clock, openings, stream, say } = world();
  stream.start();
  await settle();
  for (let beats = 0; beats < 10; beats += 1) {
    say(': still here\n\n');
    await clock.pass(15_000);
  }
  assert.equal(openings.length, 1);
  await clock.pass(60_000);
  assert.equal(openings.length, 2);
  assert.equal(stream.state, 'LIVE');
  stream.stop();
});

test('an event of a newer release is a reason to look', async () => {
  const { events, stream, say, looks } = world();
  stream.start();
  await settle();
  say('data: not json\n\n');
  await settle();
  assert.equal(looks(), 2);
  assert.equal(events.length, 0);
  stream.stop();
});

test('one that was stopped waits for nothing', async () => {
  const { clock, stream, lose } = world();
  stream.start();
  await settle();
  lose(true);
  await settle();
  stream.stop();
  assert.equal(clock.waiting, 0);
});

test('one that was stopped while it was down looks again every fifteen seconds when it is started and still down', async () => {
  const { clock, stream, lose, looks } = world();
  stream.start();
  await settle();
  lose(true);
  await settle();
  assert.equal(stream.state, 'DOWN');
  stream.stop();
  assert.equal(stream.state, 'CONNECTING');
  stream.start();
  await clock.pass(2 * POLL_MS + 1000);
  assert.equal(stream.state, 'DOWN');
  assert.equal(looks(), 1 + 2);
  stream.stop();
});

test('the line of a fetch ends with its signal, and leaves no failure behind', async () => {
  const stream = new EventStream({
    clock: new ManualClock(),
    open: async (_lastEventId, signal) =>
      new ReadableStream<Uint8Array>({
        start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
      }),
    onEvent: () => assert.fail('nothing was told'),
    onAnything: () => assert.equal(stream.state, 'LIVE'),
  });
  stream.start();
  await settle();
  stream.stop();
  await settle();
  assert.equal(stream.state, 'CONNECTING');
});

test('an opening that is never answered is given up, and pages look as when it is down', async () => {
  const clock = new ManualClock();
  let openings = 0;
  let looks = 0;
  const open = (_: string, signal: AbortSignal) => {
    openings += 1;
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  };
  const onAnything = () => {
    looks += 1;
  };
  const stream = new EventStream({ clock, open, onEvent: () => assert.fail('there is none'), onAnything });
  stream.start();
  await clock.pass(OPENING_MS_MAX - 1);
  assert.equal(stream.state, 'CONNECTING');
  await clock.pass(1);
  assert.equal(stream.state, 'DOWN');
  await clock.pass(4 * POLL_MS);
  assert.deepEqual([stream.state, looks], ['DOWN', 4]);
  assert.ok(openings > 1 && openings < 6, `${openings} attempts`);
  stream.stop();
  await settle();
  assert.equal(clock.waiting, 0);
});
