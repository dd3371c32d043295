import assert from 'node:assert/strict';
import test from 'node:test';
import { seededRandom } from '../../packages/runtime/src/index.ts';
import { pickOldAndNew, planRound } from './round-plan.ts';

test('a seed is the same round again', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const [{ random: _one, ...first }, { random: _two, ...second }] = [planRound(seed), planRound(seed)];
    assert.deepEqual(first, second);
  }
});

test('any eight seeds in a row cover every file system with both databases, and the raw disks', () => {
  for (const from of [0, 3, 1_000_001]) {
    const subjects = Array.from({ length: 8 }, (_, index) => planRound(from + index).subject);
    const names = new Set(subjects.map(({ workload, fileSystem }) => `${fileSystem}/${workload}`));
    const expected = ['ext4', 'xfs', 'btrfs'].flatMap((kind) => [`${kind}/sqlite`, `${kind}/postgres`]);
    assert.deepEqual([...names].sort(), [...expected, 'raw/stamps'].sort());
  }
});

test('kills come in the order of their times, of both programs, in both phases', () => {
  const kills = Array.from({ length: 100 }, (_, seed) => planRound(seed).kills);
  for (const list of kills) {
    assert.deepEqual(
      list,
      list.toSorted((left, right) => left.afterMs - right.afterMs),
    );
  }
  const kinds = new Set(kills.flat().map(({ victim, phase }) => `${victim} ${phase}`));
  assert.equal(kinds.size, 4);
});

test('points are picked from every stretch of history, the newest and the oldest too', () => {
  const random = seededRandom(1);
  const points = Array.from({ length: 30 }, (_, index) => index);
  for (let count = 0; count < 100; count += 1) {
    const [newest = -1, middle = -1, oldest = -1] = pickOldAndNew(points, 3, random);
    assert.ok(newest < 10 && middle >= 10 && middle < 20 && oldest >= 20, `${newest} ${middle} ${oldest}`);
  }
  assert.deepEqual(pickOldAndNew([7], 3, random), [7]);
  assert.deepEqual(pickOldAndNew([], 3, random), []);
});
