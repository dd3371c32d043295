import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WEEKDAYS } from '@landfall/model';
import fc from 'fast-check';
import { formatDays, limitFacts, parseDays } from './throttle.ts';

test('days are ranges, lists and ranges over the end of the week', () => {
  assert.deepEqual(parseDays('mon-fri'), ['MON', 'TUE', 'WED', 'THU', 'FRI']);
  assert.deepEqual(parseDays('Sat, sun'), ['SAT', 'SUN']);
  assert.deepEqual(parseDays('fri-mon'), ['MON', 'FRI', 'SAT', 'SUN']);
  assert.throws(() => parseDays('monday'), /days are mon/);
  assert.throws(() => parseDays('mon-'), /days are mon/);
});

test('days as they are shown are days as they are read', () => {
  fc.assert(
    fc.property(fc.subarray([...WEEKDAYS], { minLength: 1 }), (days) => {
      assert.deepEqual(parseDays(formatDays(days).replace('–', '-')), days);
    }),
  );
});

test('the next change of the cap is shown', () => {
  const facts = limitFacts({
    bandwidthMbps: 0,
    currentMbps: 50,
    nextChange: { atDateTime: '2026-11-26T18:00:00.000Z', mbps: 0 },
    bandwidthSchedule: {
      timeZone: 'UTC',
      windows: [{ days: ['MON'], from: '08:00', to: '18:00', mbps: 50 }],
    },
    impactBudgetPercent: 0,
    revision: '0123456789abcdef',
  });
  assert.deepEqual(facts, [
    ['bandwidth cap', '50 Mbit/s'],
    ['  otherwise', 'none'],
    ['  08:00–18:00', '50 Mbit/s, mon (UTC)'],
    ['next cap', 'none from 2026-11-26T18:00:00.000Z'],
    ['impact budget', 'off'],
  ]);
});
