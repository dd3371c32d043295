import assert from 'node:assert/strict';
import test from 'node:test';
import { RETENTION_DEFAULT, RETENTION_TIERS_MAX, retentionFault } from '@landfall/model';
import {
  draftOfTiers,
  EVERY_UNITS,
  faultsOf,
  hasRoomForTier,
  TIME_UNITS,
  type TierDraft,
  tiersOf,
  withNewTier,
} from './retention-draft.ts';

const HOUR_MS = 3_600_000;

test('tiers are shown in the largest unit that fits, and read back as they were', () => {
  const draft = draftOfTiers(RETENTION_DEFAULT);
  assert.deepEqual(
    draft.map(({ every, everyUnit, lasts, lastsUnit }) => [every, everyUnit, lasts, lastsUnit]),
    [
      ['', 'ALL', '1', 'HOUR'],
      ['1', 'SECOND', '1', 'DAY'],
      ['1', 'MINUTE', '7', 'DAY'],
      ['1', 'DAY', '30', 'DAY'],
    ],
  );
  assert.deepEqual(tiersOf(draft), RETENTION_DEFAULT);
  const ofFile = [{ everyMs: 500, forMs: HOUR_MS + 1 }];
  assert.deepEqual(tiersOf(draftOfTiers(ofFile)), ofFile);
});

test('each fault is at its field', () => {
  const [all, second] = draftOfTiers([
    { everyMs: 0, forMs: HOUR_MS },
    { everyMs: 2000, forMs: 2 * HOUR_MS },
  ]) as [TierDraft, TierDraft];
  const of = (...draft: readonly TierDraft[]) => faultsOf(draft).at(-1);
  const none = { every: undefined, lasts: undefined };
  assert.deepEqual(of(all, second), none);
  assert.deepEqual(of(all, { ...second, every: 'x' }), { ...none, every: 'everyNumber' });
  assert.deepEqual(of(all, { ...second, everyUnit: 'ALL' }), { ...none, every: 'everyLonger' });
  assert.deepEqual(of(second, { ...second, every: '3', lasts: '3' }), { ...none, every: 'everyMultiple' });
  assert.deepEqual(of({ ...all, lasts: '' }), { ...none, lasts: 'lastsNumber' });
  assert.deepEqual(of({ ...all, lasts: '59', lastsUnit: 'SECOND' }), { ...none, lasts: 'lastsShort' });
  assert.deepEqual(of({ ...all, lasts: '99999', lastsUnit: 'DAY' }), { ...none, lasts: 'lastsLong' });
  assert.deepEqual(of({ ...second, everyUnit: 'DAY' }), { ...none, lasts: 'lastsInterval' });
  assert.deepEqual(of(all, { ...second, lasts: '1' }), { ...none, lasts: 'lastsLonger' });
});

test('what the form takes the service takes', () => {
  const numbers = ['', '0', '1', '2', '3', '1000'];
  let taken = 0;
  for (const everyUnit of EVERY_UNITS)
    for (const lastsUnit of TIME_UNITS)
      for (const every of numbers)
        for (const lasts of numbers) {
          const first = { id: 'a', every: '2', everyUnit: 'SECOND', lasts: '2', lastsUnit: 'HOUR' } as const;
          const tiers = tiersOf([first, { id: 'b', every, everyUnit, lasts, lastsUnit }]);
          if (tiers === undefined) continue;
          assert.equal(retentionFault(tiers), undefined);
          taken += 1;
        }
  assert.ok(taken > 0);
  assert.equal(tiersOf([]), undefined);
});

test('a tier that is added follows the last one, until there are enough', () => {
  let draft = withNewTier([], 'first');
  for (let id = 1; hasRoomForTier(draft); id += 1) {
    assert.notEqual(tiersOf(draft), undefined);
    draft = withNewTier(draft, `${id}`);
  }
  assert.equal(tiersOf(draft)?.length, RETENTION_TIERS_MAX);
});
