import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { EventLog, eventKey, type NewEvent } from './event-log.ts';

const TIME = '2026-01-01T00:00:00.000Z';

function eventOf(resource: number): NewEvent {
  return { type: 'JobChanged', resourceId: `mgnjob-${resource}`, summary: 'x' };
}

function readAll(log: EventLog, from: string): readonly { readonly id: string; readonly key: string }[] {
  const read = [];
  for (let event = log.after(from); event !== undefined; event = log.after(event.eventId)) {
    read.push({ id: event.eventId, key: eventKey(event) });
  }
  return read;
}

test('E1, E2, E3: whoever goes on gets the newest event of all that changed, in order, or is told that it is gone', () => {
  const resources = fc.array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(resources, fc.nat(), fc.integer({ min: 1, max: 12 }), (numbers, choice, eventsMax) => {
      const log = new EventLog({ nowMs: 1_767_225_600_000, eventsMax });
      const ids = [log.lastId];
      const told = numbers.map((number) => {
        const { eventId } = log.append(eventOf(number), TIME);
        ids.push(eventId);
        return { id: eventId, key: eventKey(eventOf(number)) };
      });
      assert.deepEqual(
        ids,
        ids.toSorted((left, right) => Number(left) - Number(right)),
      );
      assert.ok(log.size <= eventsMax);
      const start = choice % ids.length;
      const from = ids[start] ?? '';
      const later = told.slice(start);
      const newest = later.filter(({ key }, index) => !later.slice(index + 1).some((one) => one.key === key));
      if (log.isKnown(from)) assert.deepEqual(readAll(log, from), newest);
      else assert.ok(new Set(told.map(({ key }) => key)).size > eventsMax, 'E3: only what is too much goes');
    }),
  );
});

test('E1: ids of before a restart, and of a clock that was set back, are not known', () => {
  const first = new EventLog({ nowMs: 1_767_225_600_000 });
  const { eventId } = first.append(eventOf(1), TIME);
  assert.equal(new EventLog({ nowMs: 1_767_225_600_002 }).isKnown(eventId), false);
  assert.equal(new EventLog({ nowMs: 1_767_225_000_000 }).isKnown(eventId), false);
  assert.equal(first.isKnown(eventId), true);
  assert.equal(eventId.length, 16);
});

test('who waits is woken by the next event, and what is replaced takes no room', async () => {
  const log = new EventLog({ nowMs: 1_767_225_600_000 });
  const woken = log.next();
  for (let count = 0; count < 100_000; count += 1) log.append(eventOf(count % 10), TIME);
  await woken;
  assert.equal(log.size, 10);
});
