import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import { makeForecast } from './forecast.ts';
import { type Measurements, SAMPLES_MIN } from './measurements.ts';
import { simulateTransfer } from './transfer.testing.ts';

const SEED = Number(process.env.LANDFALL_FORECAST_SEED ?? 1);
const TRANSFERS = Number(process.env.LANDFALL_FORECAST_TRANSFERS ?? 100);
const MB = 1e6;

function steady(options: {
  link: number;
  churn: number;
  samples?: number;
  bytesToGo?: number;
}): Measurements {
  const { link, churn, samples = 30, bytesToGo = 10_000 * MB } = options;
  const rates = (rate: number) => Array.from({ length: samples }, () => rate * MB);
  return {
    bytesToGo,
    totalBytes: 10_000 * MB,
    settledBytes: 16 * MB,
    batchBytes: 8 * MB,
    toGoLies: 'FROM_END',
    stages: [{ stage: 'LINK', bytesPerSecond: rates(link) }],
    sampleSeconds: 1,
    unmeasured: [],
    churn: [{ windowMs: 0, bytesPerSecond: rates(churn) }],
    churnPlaces: [],
  };
}

test('a link measured by fewer connections than are used is no proof that it will not do', () => {
  const measured = { ...steady({ link: 30, churn: 38 }), isLinkLeast: true };
  const forecast = makeForecast(measured, seededRandom(1));
  assert.equal(forecast.verdict, 'DOES_NOT_CONVERGE');
  assert.match(
    forecast.explanation,
    /link 30 MB\/s: may not converge \(more connections may be faster\); get a/,
  );
  const cap = {
    stage: 'BANDWIDTH_CAP' as const,
    bytesPerSecond: measured.stages[0]?.bytesPerSecond.map(() => MB) ?? [],
  };
  const capped = makeForecast({ ...measured, stages: [...measured.stages, cap] }, seededRandom(1));
  assert.match(capped.explanation, /bandwidth cap 1.0 MB\/s: will not converge/);
});

test('of simulated transfers nine in ten end before P90, half before P50', () => {
  for (const measuredSeconds of [SAMPLES_MIN + 5, 60]) {
    const ended = { byP50: 0, byP90: 0 };
    for (let index = 0; index < TRANSFERS; index += 1) {
      const random = seededRandom(SEED * 1_000_003 + index * 7919 + measuredSeconds);
      const churnShare = random.integer(70) / 100;
      const { measured, seconds } = simulateTransfer({ random, measuredSeconds, churnShare });
      const { etaP50Ms, etaP90Ms } = makeForecast(measured, random);
      if (seconds * 1000 <= (etaP50Ms ?? Infinity)) ended.byP50 += 1;
      if (seconds * 1000 <= (etaP90Ms ?? Infinity)) ended.byP90 += 1;
    }
    const share = { p50: ended.byP50 / TRANSFERS, p90: ended.byP90 / TRANSFERS };
    const where = `seed ${SEED}, measured for ${measuredSeconds} s: ${JSON.stringify(share)}`;
    assert.ok(share.p90 >= 0.84 && share.p90 <= 0.97, where);
    assert.ok(share.p50 >= 0.38 && share.p50 <= 0.62, where);
  }
});

test('a transfer that does not end in the simulation is not forecast to end', () => {
  for (let index = 0; index < 5; index += 1) {
    const random = seededRandom(SEED * 31 + index);
    const { measured, seconds } = simulateTransfer({ random, measuredSeconds: 60, churnShare: 4 });
    const { verdict, etaP90Ms } = makeForecast(measured, random);
    assert.deepEqual(
      [seconds, verdict, etaP90Ms],
      [Infinity, 'DOES_NOT_CONVERGE', null],
      `transfer ${index}`,
    );
  }
});

test('more churn than link: it says so, with both rates, and what to do', () => {
  const forecast = makeForecast(steady({ link: 30, churn: 38 }), seededRandom(1));
  assert.equal(forecast.verdict, 'DOES_NOT_CONVERGE');
  assert.equal(forecast.etaP50Ms, null);
  assert.match(forecast.explanation, /^churn 38 MB\/s > link 30 MB\/s: will not converge; .*link/);
});

test('a cap that is the slowest stage is named, and raising it is the advice', () => {
  const measured = steady({ link: 300, churn: 38 });
  const cap = { stage: 'BANDWIDTH_CAP' as const, bytesPerSecond: Array.from({ length: 30 }, () => 30 * MB) };
  const forecast = makeForecast({ ...measured, stages: [...measured.stages, cap] }, seededRandom(1));
  assert.equal(forecast.bottleneck, 'BANDWIDTH_CAP');
  assert.match(forecast.explanation, /> bandwidth cap 30 MB\/s: will not converge; raise the bandwidth cap/);
});

test('rates that do not vary give one number: the bytes, divided by what the churn leaves', () => {
  const without = makeForecast(steady({ link: 100, churn: 0 }), seededRandom(1));
  assert.deepEqual([without.etaP50Ms, without.etaP90Ms], [99_840, 99_840]);
  // Spread evenly, half of the churn is behind the frontier on average: ln(1/(1 − c/s)) × s/c.
  const evenly = makeForecast(steady({ link: 100, churn: 50 }), seededRandom(1));
  assert.ok(Math.abs((evenly.etaP50Ms ?? 0) / 1000 - 99.84 * 2 * Math.LN2) < 0.5, String(evenly.etaP50Ms));
});

test('with too few samples it says how long to go on, and no number', () => {
  fc.assert(
    fc.property(fc.nat({ max: SAMPLES_MIN - 1 }), fc.integer({ min: 1, max: 500 }), (samples, link) => {
      const measured = steady({ link, churn: 1, samples });
      const { verdict, etaP50Ms, etaP90Ms, neededSeconds, bottleneck } = makeForecast(
        measured,
        seededRandom(1),
      );
      const told = { verdict, etaP50Ms, etaP90Ms, neededSeconds, bottleneck };
      const none = { etaP50Ms: null, etaP90Ms: null, bottleneck: null };
      assert.deepEqual(told, { verdict: 'NOT_KNOWN', ...none, neededSeconds: SAMPLES_MIN - samples });
    }),
  );
  const explained = makeForecast(steady({ link: 1, churn: 1, samples: 3 }), seededRandom(1)).explanation;
  assert.equal(explained, 'not known yet: needs 7 more seconds of measurements');
});

test('a link that could not be measured is named, and nothing is said', () => {
  const forecast = makeForecast({ ...steady({ link: 1, churn: 1 }), unmeasured: ['LINK'] }, seededRandom(1));
  assert.deepEqual([forecast.verdict, forecast.etaP50Ms, forecast.neededSeconds], ['NOT_KNOWN', null, null]);
  assert.equal(forecast.explanation, 'not known: not measured: link');
});

test('nothing to go, and less churn than capacity, is caught up', () => {
  const forecast = makeForecast(steady({ link: 100, churn: 20, bytesToGo: MB }), seededRandom(1));
  assert.deepEqual([forecast.verdict, forecast.etaP90Ms], ['CAUGHT_UP', 0]);
});

test('nothing to go, but more churn than capacity, will fall behind and says so', () => {
  const forecast = makeForecast(steady({ link: 30, churn: 38, bytesToGo: MB }), seededRandom(1));
  assert.deepEqual([forecast.verdict, forecast.etaP50Ms], ['DOES_NOT_CONVERGE', null]);
});

test('P50 is never after P90, and both grow with what is to go', () => {
  const rates = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: SAMPLES_MIN, maxLength: 40 });
  fc.assert(
    fc.property(rates, rates, fc.integer({ min: 100, max: 5000 }), (link, churn, megabytes) => {
      const inMegabytes = (values: readonly number[]) => values.map((value) => value * MB);
      const forecast = (bytesToGo: number) =>
        makeForecast(
          {
            ...steady({ link: 1, churn: 1 }),
            bytesToGo,
            stages: [{ stage: 'LINK', bytesPerSecond: inMegabytes(link) }],
            churn: [{ windowMs: 0, bytesPerSecond: inMegabytes(churn.map((value) => value / 4)) }],
          },
          seededRandom(5),
        );
      const [less, more] = [forecast(megabytes * MB), forecast(2 * megabytes * MB)];
      assert.ok((less.etaP50Ms ?? Infinity) <= (less.etaP90Ms ?? Infinity));
      if (less.etaP50Ms !== null && more.etaP50Ms !== null) assert.ok(less.etaP50Ms <= more.etaP50Ms);
    }),
    { numRuns: 40 },
  );
});
