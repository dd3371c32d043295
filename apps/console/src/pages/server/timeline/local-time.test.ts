import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { localDate, localTime, parseLocal } from './local-time.ts';

test('a second survives the form, and means its end', () => {
  const instants = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) });
  fc.assert(
    fc.property(instants, (timeMs) => {
      const parsed = parseLocal(localDate(timeMs), localTime(timeMs));
      // An hour that clocks repeat is read as the first of the two.
      assert.ok(parsed !== undefined && Math.abs(parsed - timeMs) <= 3_600_999);
      assert.equal(localTime(parsed), localTime(timeMs));
      assert.equal(parsed % 1000, 999);
    }),
  );
});

test('half a time, and a day that does not exist, are none', () => {
  for (const [date, time] of [
    ['2026-01-31', '12:00'],
    ['2026-02-30', '12:00:00'],
    ['', '12:00:00'],
    ['2026-01-31', '24:00:00'],
  ] as const)
    assert.equal(parseLocal(date, time), undefined, `${date} ${time}`);
});
