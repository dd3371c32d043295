import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RETENTION_DEFAULT, type RetentionTier } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import fc from 'fast-check';
import { type AgedPoint, checkTiers, pointsToKeep, tierOf } from './retention-policy.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const nothingProtected = () => false;

const tiersArbitrary = fc
  .tuple(
    fc.integer({ min: 0, max: 5000 }),
    fc.array(fc.tuple(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 20_000 })), {
      maxLength: 3,
    }),
  )
  .map(([firstForMs, rest]) => {
    const tiers: RetentionTier[] = [{ everyMs: 0, forMs: firstForMs }];
    for (const [factor, moreMs] of rest) {
      const { everyMs = 0, forMs = 0 } = tiers.at(-1) ?? {};
      tiers.push({ everyMs: (everyMs || 50) * factor, forMs: forMs + moreMs });
    }
    return tiers;
  });

const pointsArbitrary = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 0, max: 3 })), {
    minLength: 1,
    maxLength: 80,
  })
  .map((steps) => {
    let timelineMs = 1_000_000;
    return steps.map(([stepMs, kind], index): AgedPoint => {
      timelineMs += stepMs;
      return { epoch: index + 1, timelineMs, consistency: kind === 0 ? 'SCANNED' : 'CRASH_CONSISTENT' };
    });
  });

function thinned(
  points: readonly AgedPoint[],
  tiers: readonly RetentionTier[],
  isProtected: (epoch: number) => boolean = nothingProtected,
): AgedPoint[] {
  const keep = pointsToKeep(points, tiers, isProtected);
  return points.filter((_, index) => keep[index]);
}

test('thinning again and again, while points arrive, gives what thinning once gives', () => {
  fc.assert(
    fc.property(tiersArbitrary, pointsArbitrary, fc.array(fc.boolean()), (tiers, points, pauses) => {
      let kept: AgedPoint[] = [];
      for (const [index, point] of points.entries()) {
        kept.push(point);
        if (pauses[index % Math.max(1, pauses.length)] === true) kept = thinned(kept, tiers);
      }
      assert.deepEqual(thinned(kept, tiers), thinned(points, tiers));
    }),
    { numRuns: 2000 },
  );
});

test('the newest point, the newest good one and protected ones stay, whatever the tiers', () => {
  fc.assert(
    fc.property(tiersArbitrary, pointsArbitrary, fc.nat(), (tiers, points, which) => {
      const named = points[which % points.length];
      const kept = thinned(points, tiers, (epoch) => epoch === named?.epoch);
      const good = points.findLast(({ consistency }) => consistency === 'CRASH_CONSISTENT');
      for (const point of [points.at(-1), good, named]) {
        assert.ok(point === undefined || kept.includes(point));
      }
    }),
  );
});

test('a cut is in every interval that had one: a scanned point never pushes it out', () => {
  fc.assert(
    fc.property(tiersArbitrary, pointsArbitrary, (tiers, points) => {
      const nowMs = points.at(-1)?.timelineMs ?? 0;
      const kept = thinned(points, tiers);
      for (const point of points) {
        const tier = tiers[tierOf(tiers, point.timelineMs, nowMs)];
        if (tier === undefined || point.consistency !== 'CRASH_CONSISTENT') continue;
        const intervalOf = ({ timelineMs, epoch }: AgedPoint) =>
          tier.everyMs === 0 ? epoch : Math.floor(timelineMs / tier.everyMs);
        const mates = kept.filter((mate) => intervalOf(mate) === intervalOf(point));
        assert.ok(mates.some(({ consistency }) => consistency === 'CRASH_CONSISTENT'));
      }
    }),
  );
});

test('forty days of the default tiers leave what they say', () => {
  const points: AgedPoint[] = [];
  const startMs = Date.UTC(2026, 0, 1);
  const endMs = startMs + 40 * DAY;
  for (let timelineMs = startMs; timelineMs <= endMs; ) {
    points.push({ epoch: points.length + 1, consistency: 'CRASH_CONSISTENT', timelineMs });
    const ageMs = endMs - timelineMs;
    timelineMs += ageMs > 25 * HOUR ? 30 * SECOND : ageMs > 2 * HOUR ? SECOND / 2 : 100;
  }
  const ages = thinned(points, RETENTION_DEFAULT).map(({ timelineMs }) => endMs - timelineMs);
  const within = (fromMs: number, toMs: number) => ages.filter((age) => age >= fromMs && age < toMs).length;
  assert.equal(within(0, HOUR), 36_000);
  assert.equal(within(2 * HOUR, 24 * HOUR), 22 * 3600);
  assert.equal(within(48 * HOUR, 7 * DAY), 5 * 24 * 60);
  assert.equal(within(8 * DAY, 30 * DAY), 22);
  assert.ok(within(32 * DAY, 50 * DAY) === 0);
});

test('tiers that do not contain each other are refused', () => {
  const refused = (tiers: readonly RetentionTier[]) =>
    assert.throws(
      () => checkTiers(tiers),
      (error) => error instanceof OperationError,
    );
  checkTiers(RETENTION_DEFAULT);
  checkTiers([{ everyMs: 60_000, forMs: 0 }]);
  refused([]);
  refused([{ everyMs: -1, forMs: 10 }]);
  refused([{ everyMs: 0.5, forMs: 10 }]);
  refused([
    { everyMs: 1000, forMs: HOUR },
    { everyMs: 1500, forMs: DAY },
  ]);
  refused([
    { everyMs: 1000, forMs: HOUR },
    { everyMs: 2000, forMs: HOUR },
  ]);
  refused([
    { everyMs: 1000, forMs: HOUR },
    { everyMs: 0, forMs: DAY },
  ]);
});
