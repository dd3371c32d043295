/** One stream on virtual time. */
import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import test from 'node:test';
import { type Landfall, ServerSentEventDecoder } from '@landfall/api';
import { VirtualClock } from '@landfall/runtime/virtual-clock';
import { EventLog } from './event-log.ts';
import { EventStream, HEARTBEAT_MS, SLOW_MS } from './event-stream.ts';

const TIME = '2026-01-01T00:00:00.000Z';

function openStream(options: {
  readonly eventsMax?: number;
  readonly lastEventId?: string;
  readonly expiresAfterMs?: number;
  readonly endReason?: () => Landfall.StreamEndReason | undefined;
}) {
  const clock = new VirtualClock();
  const log = new EventLog({ nowMs: clock.nowMs(), eventsMax: options.eventsMax ?? 50 });
  const { expiresAfterMs, endReason = () => undefined, lastEventId } = options;
  const stream = new EventStream({
    ...{ log, clock, lastEventId },
    expiresAtMs: expiresAfterMs === undefined ? undefined : clock.nowMs() + expiresAfterMs,
    isWanted: async ({ type }) => type === 'JobChanged',
    endReason: async () => endReason(),
  });
  return { clock, log, stream };
}

function tell(log: EventLog, resourceId: string, type: 'JobChanged' | 'WaveChanged' = 'JobChanged'): void {
  log.append({ type, resourceId, summary: 'x'.repeat(100) }, TIME);
}

function collect(stream: EventStream): { text: string } {
  const read = { text: '' };
  stream.setEncoding('utf8').on('data', (text: string) => {
    read.text += text;
  });
  return read;
}

test('a heartbeat comes every 15 seconds, also while events come that are not for this reader', async () => {
  const { clock, log, stream } = openStream({});
  const read = collect(stream);
  const chatter = async () => {
    for (let count = 0; count < 100; count += 1) {
      tell(log, 'wave-1', 'WaveChanged');
      await clock.sleep(1000);
    }
  };
  await clock.settle(chatter(), 200_000);
  stream.destroy();
  const beats = read.text.split(': heartbeat').length - 1;
  assert.equal(beats, Math.floor(100_000 / HEARTBEAT_MS));
  assert.doesNotMatch(read.text, /wave-1/);
});

test('it ends to the second when its credentials do', async () => {
  const { clock, stream } = openStream({ expiresAfterMs: 4000, endReason: () => 'CREDENTIALS_EXPIRED' });
  const read = collect(stream);
  await clock.settle(finished(stream), 100_000);
  assert.ok(clock.elapsedMs >= 4000 && clock.elapsedMs < 5000, `${clock.elapsedMs}`);
  const events = new ServerSentEventDecoder().push(read.text);
  assert.deepEqual(
    events.map(({ event, data }) => `${event} ${data}`),
    ['ready {}', 'end {"reason":"CREDENTIALS_EXPIRED"}'],
  );
});

test('T1: a reader that takes nothing is cut off, and costs no more than its buffer until then', async () => {
  const { clock, log, stream } = openStream({ eventsMax: 20_000 });
  const cut = assert.rejects(finished(stream), /takes nothing/);
  for (let count = 0; count < 10_000; count += 1) tell(log, `mgnjob-${count}`);
  await clock.settle(cut, SLOW_MS + 60_000);
  assert.ok(stream.readableLength < 32 * 1024);
  assert.ok(clock.elapsedMs <= SLOW_MS + 1000, `${clock.elapsedMs}`);
});

test('T1: a reader that falls behind what is kept is told to look again, and hears all that comes after', async () => {
  const { clock, log, stream } = openStream({});
  for (let count = 0; count < 500; count += 1) tell(log, `mgnjob-${count}`);
  await clock.settle(clock.sleep(1000), 2000);
  for (let count = 500; count < 1000; count += 1) tell(log, `mgnjob-${count}`);
  const read = collect(stream);
  await clock.settle(clock.sleep(1000), 2000);
  tell(log, 'mgnjob-last');
  await clock.settle(clock.sleep(1000), 2000);
  stream.destroy();
  const events = new ServerSentEventDecoder().push(read.text);
  assert.ok(events.some(({ event }) => event === 'resync'));
  const { event, data } = events.at(-1) ?? {};
  assert.equal(event, 'message');
  assert.match(data ?? '', /mgnjob-last/);
});

test('an id that is not known is a reason to look again, and one that is known is not', async () => {
  const { clock, log, stream } = openStream({ lastEventId: '17' });
  const read = collect(stream);
  await clock.settle(clock.sleep(10), 1000);
  stream.stop();
  await clock.settle(finished(stream), 1000);
  assert.deepEqual(
    new ServerSentEventDecoder().push(read.text).map(({ event, id }) => [event, id === log.lastId]),
    [
      ['resync', true],
      ['end', true],
    ],
  );
});
