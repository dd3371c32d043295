import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  bins,
  clampWindow,
  nearest,
  pan,
  positionOf,
  SPAN_MS_MIN,
  SPANS_MS,
  spanOf,
  type TimeWindow,
  ticks,
  tierBands,
  timeAt,
  windowAround,
  zoom,
} from './time-scale.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 0, 31);

const limits = fc
  .integer({ min: SPAN_MS_MIN, max: 60 * DAY_MS })
  .map((span): TimeWindow => ({ fromMs: NOW_MS - span, toMs: NOW_MS }));
const anyWindow = fc
  .tuple(fc.integer({ min: -90 * DAY_MS, max: 30 * DAY_MS }), fc.integer({ min: 1, max: 90 * DAY_MS }))
  .map(([from, span]): TimeWindow => ({ fromMs: NOW_MS + from, toMs: NOW_MS + from + span }));

function assertInside(window: TimeWindow, all: TimeWindow): void {
  assert.ok(Number.isInteger(window.fromMs) && Number.isInteger(window.toMs));
  assert.ok(spanOf(window) >= SPAN_MS_MIN && spanOf(window) <= Math.max(SPAN_MS_MIN, spanOf(all)));
  assert.ok(window.fromMs >= all.fromMs && window.toMs <= Math.max(all.toMs, all.fromMs + SPAN_MS_MIN));
}

test('whatever is done to a window, it stays inside what there is to see', () => {
  const step = fc.oneof(
    fc.record({
      zoom: fc.double({ min: 0.01, max: 100, noNaN: true }),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ pan: fc.integer({ min: -90 * DAY_MS, max: 90 * DAY_MS }) }),
  );
  fc.assert(
    fc.property(limits, anyWindow, fc.array(step, { maxLength: 12 }), (all, start, steps) => {
      let window = clampWindow(start, all);
      assertInside(window, all);
      for (const one of steps) {
        if ('pan' in one) window = pan(window, one.pan, all);
        else window = zoom(window, one.zoom, timeAt(one.at, window, 1), all);
        assertInside(window, all);
      }
    }),
  );
});

test('zooming in keeps the instant under the pointer where it is', () => {
  const all = { fromMs: NOW_MS - 30 * DAY_MS, toMs: NOW_MS };
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 1, max: 1000, noNaN: true }),
      (share, factor) => {
        const anchorMs = timeAt(share, all, 1);
        const zoomed = zoom(all, factor, anchorMs, all);
        assert.ok(Math.abs(positionOf(anchorMs, zoomed, 1000) - positionOf(anchorMs, all, 1000)) < 2);
      },
    ),
  );
});

test('places and times are each other’s inverse', () => {
  fc.assert(
    fc.property(
      anyWindow,
      fc.integer({ min: 100, max: 3000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (window, width, share) => {
        const timeMs = Math.round(window.fromMs + share * spanOf(window));
        assert.equal(timeAt(positionOf(timeMs, window, width), window, width), timeMs);
      },
    ),
  );
});

test('from thirty days to one second there are marks at round times, and never too many', () => {
  for (const span of SPANS_MS) {
    const window = { fromMs: NOW_MS - span + 17, toMs: NOW_MS + 17 };
    const marks = ticks(window, 10);
    assert.ok(marks.length >= 2 && marks.length <= 11, `${span} ms: ${marks.length} marks`);
    for (const { timeMs, stepMs } of marks) {
      assert.equal(timeMs % stepMs, 0);
      assert.ok(timeMs >= window.fromMs && timeMs <= window.toMs);
    }
  }
  const seoul = 9 * 3_600_000;
  const [first] = ticks({ fromMs: NOW_MS - 7 * DAY_MS, toMs: NOW_MS }, 8, seoul);
  assert.equal(((first?.timeMs ?? 1) + seoul) % DAY_MS, 0);
});

test('every instant in the window falls on exactly one strip', () => {
  const instants = fc.array(fc.integer({ min: NOW_MS - DAY_MS, max: NOW_MS }));
  fc.assert(
    fc.property(instants, fc.integer({ min: 1, max: 20 }), (timesMs, binWidth) => {
      const window = { fromMs: NOW_MS - DAY_MS, toMs: NOW_MS };
      const strips = bins(timesMs, window, { width: 900, binWidth });
      assert.equal(
        strips.reduce((sum, { count }) => sum + count, 0),
        timesMs.length,
      );
      assert.ok(strips.every(({ position }) => position >= 0 && position < 900));
      assert.deepEqual(
        strips.map(({ position }) => position),
        [...new Set(strips.map(({ position }) => position))],
      );
    }),
  );
});

test('tiers lie side by side from the newest to the oldest, and no further than there is anything', () => {
  const all = { fromMs: NOW_MS - 10 * DAY_MS, toMs: NOW_MS };
  const tiers = [
    { everyMs: 0, forMs: DAY_MS },
    { everyMs: 60_000, forMs: 7 * DAY_MS },
    { everyMs: 3_600_000, forMs: 30 * DAY_MS },
  ];
  assert.deepEqual(tierBands(tiers, all), [
    { fromMs: NOW_MS - DAY_MS, toMs: NOW_MS, everyMs: 0 },
    { fromMs: NOW_MS - 7 * DAY_MS, toMs: NOW_MS - DAY_MS, everyMs: 60_000 },
    { fromMs: NOW_MS - 10 * DAY_MS, toMs: NOW_MS - 7 * DAY_MS, everyMs: 3_600_000 },
  ]);
  assert.deepEqual(tierBands(tiers, { fromMs: NOW_MS, toMs: NOW_MS }), []);
});

test('a window around an instant has it in the middle', () => {
  const all = { fromMs: NOW_MS - 30 * DAY_MS, toMs: NOW_MS };
  const window = windowAround(NOW_MS - DAY_MS, 1000, all);
  assert.deepEqual(window, { fromMs: NOW_MS - DAY_MS - 500, toMs: NOW_MS - DAY_MS + 500 });
});

test('the nearest is found, and nothing beyond reach', () => {
  assert.equal(nearest(100, [50, 90, 130], 20), 90);
  assert.equal(nearest(100, [50, 130], 20), undefined);
  assert.equal(nearest(100, [], 1e9), undefined);
});
