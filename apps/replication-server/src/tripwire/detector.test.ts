/** The detector on series made up for it: each of its rules, and what it does with any series. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import {
  type Circumstances,
  type DetectorState,
  type Incident,
  QUIET_MS,
  SCALES,
  SETTLE_MS,
  TripwireDetector,
} from './detector.ts';

const MIB = 1024 * 1024;
const START_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

interface Series {
  readonly detector: TripwireDetector;
  nowMs: number;
  epoch: number;
}

function begin(state?: DetectorState): Series {
  return { detector: new TripwireDetector(state), nowMs: START_MS, epoch: 1 };
}

const ALONE = { freedStructuredBytes: 0, newUniformBytes: 0, diskIndex: 0 };

function decide(detector: TripwireDetector, beside: Circumstances): Incident | undefined {
  const candidate = detector.candidate();
  return candidate && detector.decide(candidate, beside);
}

/** For so many seconds, so many bytes each; resolves to the incident that began, and when. */
function run(series: Series, seconds: number, bytesPerSecond: number, { diskIndex = 0, ...beside } = ALONE) {
  for (let second = 0; second < seconds; second += 1) {
    series.nowMs += 1000;
    series.epoch += 10;
    series.detector.observe({
      atMs: series.nowMs,
      bytes: bytesPerSecond,
      pieces: bytesPerSecond > 0 ? 4 : 0,
      first: { epoch: series.epoch - 9, cutTimeMs: series.nowMs - 1000 },
      diskIndexes: bytesPerSecond > 0 ? [diskIndex] : [],
    });
    const incident = decide(series.detector, beside);
    if (incident !== undefined) return { incident, afterSeconds: second + 1 };
  }
  return undefined;
}

test('a fast attack is noticed within seconds, a slow one at all, each in time', () => {
  for (const { mibPerSecond, secondsMax } of [
    { mibPerSecond: 50, secondsMax: 4 },
    { mibPerSecond: 5, secondsMax: 46 },
    { mibPerSecond: 0.5, secondsMax: 66 },
    { mibPerSecond: 0.1, secondsMax: 660 },
    { mibPerSecond: 0.02, secondsMax: 13_000 },
  ]) {
    const series = begin();
    run(series, 600, 0);
    const beganMs = series.nowMs;
    const found = run(series, 20_000, Math.round(mibPerSecond * MIB));
    assert.ok(found !== undefined && found.afterSeconds <= secondsMax, `${mibPerSecond} MiB/s`);
    assert.equal(found.incident.onset.cutTimeMs, beganMs, 'D3: the onset is its first second');
  }
});

test('D1: what is not much waits until the disk knows what is free, and is then explained or an alarm', () => {
  for (const { freed, isAlarm } of [
    { freed: 0, isAlarm: true },
    { freed: 40 * MIB, isAlarm: true },
    { freed: 400 * MIB, isAlarm: false },
  ]) {
    const series = begin();
    const beside = { ...ALONE, freedStructuredBytes: freed };
    assert.equal(run(series, 8, 5 * MIB, beside), undefined);
    const found = run(series, 300, 0, beside);
    assert.equal(found !== undefined, isAlarm, `${freed} bytes freed`);
    if (found !== undefined) assert.ok((found.afterSeconds + 7) * 1000 >= SETTLE_MS);
  }
});

test('D1: much is an alarm whatever was freed, and so is what was found by comparing', () => {
  const freed = { ...ALONE, freedStructuredBytes: 9000 * MIB };
  const much = begin();
  assert.equal(run(much, 60, 5 * MIB, freed)?.afterSeconds, 26, '128 MiB');
  const { detector } = begin();
  const found = { atMs: START_MS, pieces: 20, first: { epoch: 7, cutTimeMs: START_MS }, diskIndexes: [1] };
  detector.observe({ ...found, bytes: 40 * MIB, isCompared: true });
  assert.equal(decide(detector, freed)?.onset.epoch, 7);
});

test('D2: one attack is one incident, until it is quiet or acknowledged', () => {
  const series = begin();
  assert.ok(run(series, 100, 10 * MIB) !== undefined);
  assert.equal(run(series, 500, 10 * MIB, { ...ALONE, diskIndex: 1 }), undefined, 'it goes on');
  assert.deepEqual(series.detector.incidents[0]?.diskIndexes, [0, 1]);
  run(series, QUIET_MS / 1000 + 1, 0);
  assert.ok(series.detector.incidents[0]?.endedAtMs !== undefined);
  assert.ok(run(series, 100, 10 * MIB) !== undefined, 'the next one is another');
  series.detector.acknowledge(series.nowMs, false);
  assert.ok(series.detector.incidents.every(({ acknowledgedAtMs }) => acknowledgedAtMs !== undefined));
  assert.ok(run(series, 100, 10 * MIB) !== undefined, 'after it was acknowledged as well');
  assert.equal(series.detector.incidents.length, 3);
});

test('a job of every night is learned in three nights when it was expected, and a larger one is not hidden', () => {
  const series = begin();
  const nights: boolean[] = [];
  for (let night = 0; night < 6; night += 1) {
    series.nowMs = START_MS + night * DAY_MS + 7_200_000;
    const alarmed = run(series, 40, 5 * MIB) !== undefined;
    nights.push(alarmed);
    run(series, 40, 5 * MIB);
    if (alarmed) series.detector.acknowledge(series.nowMs, true);
    run(series, 30, 0);
  }
  assert.deepEqual(nights.slice(0, 3), [true, true, true]);
  assert.ok(series.detector.state.days.length >= 5);
  series.nowMs = START_MS + 7 * DAY_MS;
  assert.ok(run(series, 60, 60 * MIB) !== undefined, 'ten times as much');
});

test('days with an attack teach nothing', () => {
  const series = begin();
  for (let day = 0; day < 8; day += 1) {
    series.nowMs = START_MS + day * DAY_MS;
    assert.ok(run(series, 60, 20 * MIB) !== undefined, `day ${day}`);
    series.detector.acknowledge(series.nowMs, false);
  }
});

test('quiet servers stay quiet: less than the least of each window is never an alarm', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 3 }), (seed, scale) => {
      const series = begin();
      const random = seededRandom(seed);
      const { windowMs, bytesMin } = SCALES[scale] ?? SCALES[0];
      // In each of the smaller windows it is less still.
      const perSecond = Math.min(...SCALES.map((one) => (one.bytesMin * 1000) / one.windowMs)) / 2;
      for (let step = 0; step < 200; step += 1) {
        const seconds = 1 + random.integer(60);
        assert.equal(run(series, seconds, random.integer(Math.floor(perSecond * 2))), undefined);
      }
      assert.ok(perSecond * 2 <= (bytesMin * 1000) / windowMs);
    }),
    { numRuns: 25 },
  );
});

test('any series: onsets are never later than what they are told of, and incidents never overlap', () => {
  const steps = fc.array(
    fc.record({
      seconds: fc.integer({ min: 1, max: 900 }),
      mib: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 })),
    }),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(steps, (series) => {
      const state = begin();
      for (const { seconds, mib } of series) {
        const found = run(state, seconds, mib * MIB);
        if (found === undefined) continue;
        const { onset, detectedAtMs, convertedBytes } = found.incident;
        assert.ok(onset.cutTimeMs < detectedAtMs && convertedBytes >= 32 * MIB);
      }
      const { incidents } = state.detector;
      for (const [index, { detectedAtMs }] of incidents.entries()) {
        const before = incidents[index - 1];
        assert.ok(before === undefined || (before.endedAtMs ?? Number.POSITIVE_INFINITY) <= detectedAtMs);
      }
      const again = new TripwireDetector(JSON.parse(JSON.stringify(state.detector.state)));
      assert.deepEqual(again.state, state.detector.state, 'what is written down is all there is to know');
    }),
    { numRuns: 60 },
  );
});

test('a clock that is set back neither breaks it nor makes an alarm', () => {
  const series = begin();
  run(series, 100, 0);
  series.nowMs -= 3_600_000;
  assert.equal(run(series, 100, 1000), undefined);
  series.nowMs += 3_600_000;
  assert.ok(run(series, 100, 20 * MIB) !== undefined);
});
