import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RetentionTier } from '@landfall/model';
import fc from 'fast-check';
import { type AgedPoint, pointsToKeep, tierOf } from '../points/retention-policy.ts';
import { SpaceTally, type TalliedPoints } from './space-tally.ts';

const TIERS: readonly RetentionTier[] = [
  { everyMs: 0, forMs: 1000 },
  { everyMs: 500, forMs: 5000 },
  { everyMs: 5000, forMs: 40_000 },
];

const pointsArbitrary = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 3 })), {
    minLength: 1,
    maxLength: 60,
  })
  .map((steps) => {
    let [timelineMs, epoch] = [1_000_000, 0];
    return steps.map(([stepMs, stepEpochs]): AgedPoint => {
      timelineMs += stepMs;
      epoch += stepEpochs;
      return { epoch, timelineMs, consistency: stepMs % 4 === 0 ? 'SCANNED' : 'CRASH_CONSISTENT' };
    });
  });

const recordArbitrary = fc.record({
  epoch: fc.integer({ min: 1, max: 130 }),
  lives: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(Number.POSITIVE_INFINITY)),
  bytes: fc.integer({ min: 1, max: 1000 }),
});

const caseArbitrary = fc.record({
  points: pointsArbitrary,
  tiers: fc.integer({ min: 1, max: 3 }).map((count) => TIERS.slice(0, count)),
  marked: fc.array(fc.integer({ min: 1, max: 130 }), { maxLength: 5 }).map((epochs) => new Set(epochs)),
  read: fc.array(fc.integer({ min: 1, max: 130 }), { maxLength: 2 }).map((epochs) => new Set(epochs)),
  records: fc.array(recordArbitrary, { maxLength: 40 }),
});

type Owner = 'newest' | 'marked' | 'passing' | 'nobody' | 'open' | number;

/** By the words of the definition, point by point. */
function ownerOf({ points, tiers, marked }: TalliedPoints, epoch: number, overwritten: number): Owner {
  const newest = points.at(-1);
  if (newest === undefined || epoch > newest.epoch) return 'open';
  const seeing = points.filter((point) => epoch <= point.epoch && point.epoch < overwritten);
  if (seeing.length === 0) return 'nobody';
  if (seeing.includes(newest)) return 'newest';
  const kept = new Set(points.filter((_, row) => pointsToKeep(points, tiers, () => false)[row]));
  const inTier = seeing.findLast((point) => kept.has(point));
  if (inTier !== undefined) {
    return Math.min(tierOf(tiers, inTier.timelineMs, newest.timelineMs), tiers.length - 1);
  }
  return seeing.some((point) => marked.has(point.epoch)) ? 'marked' : 'passing';
}

test('every byte has the owner of the definition, and the shares are all of it', () => {
  fc.assert(
    fc.property(caseArbitrary, ({ records, ...from }) => {
      const tally = new SpaceTally(from);
      const expected = new Map<Owner, number>();
      for (const { epoch, lives, bytes } of records) {
        tally.add(epoch, epoch + lives, bytes);
        const owner = ownerOf(from, epoch, epoch + lives);
        expected.set(owner, (expected.get(owner) ?? 0) + bytes);
      }
      const { newestBytes, tiers, marked, passing, reclaimableBytes, openBytes } = tally.result;
      const of = (owner: Owner) => expected.get(owner) ?? 0;
      assert.deepEqual(
        [newestBytes, marked.bytes, passing.bytes, reclaimableBytes, openBytes],
        [of('newest'), of('marked'), of('passing'), of('nobody'), of('open')],
      );
      assert.deepEqual(
        tiers.map(({ bytes }) => bytes),
        from.tiers.map((_, tier) => of(tier)),
      );
      const points = [...tiers, marked, passing].reduce((sum, share) => sum + share.points, 0);
      assert.equal(points, from.points.length);
    }),
  );
});

test('a tier costs what no point sees any more when the policy goes on without it', () => {
  fc.assert(
    fc.property(caseArbitrary, ({ records, ...from }) => {
      const { points, tiers, marked, read } = from;
      const tally = new SpaceTally(from);
      for (const { epoch, lives, bytes } of records) tally.add(epoch, epoch + lives, bytes);
      const isProtected = (epoch: number) => marked.has(epoch) || read.has(epoch);
      const freed = (kept: readonly boolean[]) => {
        const left = points.filter((_, row) => kept[row]);
        const goes = ({ epoch, lives }: { epoch: number; lives: number }) =>
          !['open', 'nobody', 'passing'].includes(`${ownerOf(from, epoch, epoch + lives)}`) &&
          !left.some((point) => epoch <= point.epoch && point.epoch < epoch + lives);
        return records.filter(goes).reduce((sum, { bytes }) => sum + bytes, 0);
      };
      for (const [tier, { costBytes }] of tally.result.tiers.entries()) {
        assert.equal(costBytes, freed(pointsToKeep(points, tiers.toSpliced(tier, 1), isProtected)));
      }
      const unmarked = freed(pointsToKeep(points, tiers, (epoch) => read.has(epoch)));
      assert.equal(tally.result.marked.costBytes, unmarked);
    }),
  );
});
