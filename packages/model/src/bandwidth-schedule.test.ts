import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type BandwidthSchedule,
  capAt,
  nextCapChange,
  scheduleFault,
  WEEKDAYS,
} from './bandwidth-schedule.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Half-hour zones, half-hour shifts, southern winters, none at all. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/St_Johns',
];
/** Days on which clocks changed somewhere of these. */
const CHANGES = ['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01'].map(
  Date.parse,
);

const time = fc
  .integer({ min: 0, max: 1439 })
  .map(
    (minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`,
  );
const window = fc.record({
  days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
  from: time,
  to: time,
  mbps: fc.constantFrom(0, 5, 20, 50),
});
const schedule: fc.Arbitrary<BandwidthSchedule> = fc.record({
  timeZone: fc.constantFrom(...ZONES),
  windows: fc.array(window, { minLength: 1, maxLength: 3 }),
});
/** Within two days of a change of clocks. */
const instant = fc
  .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -2 * 1440, max: 2 * 1440 }), fc.nat({ max: 59_999 }))
  .map(([dayMs, minutes, ms]) => dayMs + minutes * MINUTE_MS + ms);

/**
 * Another way to the same: the zone's offset by its name, then arithmetic on UTC; windows minute by minute.
 */
function expectedCap({ timeZone, windows }: BandwidthSchedule, atMs: number): number {
  const named = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const text = named.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const wall = new Date(atMs + offset * MINUTE_MS);
  const minuteOfWeek = ((wall.getUTCDay() + 6) % 7) * 1440 + wall.getUTCHours() * 60 + wall.getUTCMinutes();
  const caps = windows.filter(({ days, from, to }) => {
    const at = (clock: string) => Number(clock.split(':')[0]) * 60 + Number(clock.split(':')[1]);
    const length = ((at(to) - at(from) + 1439) % 1440) + 1;
    return days.some((day) => {
      const begins = WEEKDAYS.indexOf(day) * 1440 + at(from);
      return (minuteOfWeek - begins + 10_080) % 10_080 < length;
    });
  });
  const capped = caps.map(({ mbps }) => mbps).filter((mbps) => mbps > 0);
  if (caps.length === 0) return 7;
  return capped.length === 0 ? 0 : Math.min(...capped);
}

test('the cap at an instant is that of the windows the wall clock shows, across changes of clocks', () => {
  fc.assert(
    fc.property(schedule, instant, (plan, atMs) => {
      assert.equal(capAt(plan, atMs, 7), expectedCap(plan, atMs));
    }),
    { numRuns: 2000 },
  );
});

test('until the next change the cap stays, there it is another, and none is promised where none comes', () => {
  fc.assert(
    fc.property(schedule, instant, (plan, fromMs) => {
      const now = expectedCap(plan, fromMs);
      const change = nextCapChange(plan, fromMs, 7);
      const endMs = change?.atMs ?? fromMs + 7 * DAY_MS;
      for (let atMs = fromMs; atMs < endMs; atMs += 11 * MINUTE_MS)
        assert.equal(expectedCap(plan, atMs), now);
      if (change === undefined) return;
      assert.equal(expectedCap(plan, change.atMs - 1), now);
      assert.equal(expectedCap(plan, change.atMs), change.mbps);
      assert.notEqual(change.mbps, now);
    }),
    { numRuns: 60 },
  );
});

test('office hours in Berlin: an hour that is skipped is skipped, one that comes twice counts twice', () => {
  const night = (from: string, to: string): BandwidthSchedule => ({
    timeZone: 'Europe/Berlin',
    windows: [{ days: ['SUN'], from, to, mbps: 50 }],
  });
  const cappedMinutes = (plan: BandwidthSchedule, day: string) => {
    const minutes = Array.from({ length: 1440 }, (_, minute) => Date.parse(day) + minute * MINUTE_MS);
    return minutes.filter((atMs) => capAt(plan, atMs, 0) === 50).length;
  };
  assert.equal(cappedMinutes(night('02:00', '03:00'), '2026-03-29T00:00Z'), 0);
  assert.equal(cappedMinutes(night('02:00', '03:00'), '2026-10-25T00:00Z'), 120);
  assert.equal(cappedMinutes(night('02:00', '03:00'), '2026-06-07T00:00Z'), 60);
});

test('a schedule that cannot be meant is refused with the reason', () => {
  const fault = (change: object, zone = 'UTC') =>
    scheduleFault({
      timeZone: zone,
      windows: [{ days: ['MON'], from: '08:00', to: '18:00', mbps: 50, ...change }],
    });
  assert.equal(fault({}), undefined);
  assert.match(fault({}, 'Mars/Olympus') ?? '', /no time zone/);
  assert.match(fault({ from: '24:00' }) ?? '', /24:00/);
  assert.match(fault({ days: [] }) ?? '', /at least one/);
  assert.match(fault({ mbps: -1 }) ?? '', /megabits/);
});
