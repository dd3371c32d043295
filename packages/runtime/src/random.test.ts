import assert from 'node:assert/strict';
import test from 'node:test';
import { publicId, seededRandom } from './random.ts';

test('a seed replays exactly', () => {
  const [left, right] = [seededRandom(42), seededRandom(42)];
  assert.deepEqual(
    [left.integer(1000), left.bytes(8), left.uuid()],
    [right.integer(1000), right.bytes(8), right.uuid()],
  );
  assert.notDeepEqual(seededRandom(1).bytes(8), seededRandom(2).bytes(8));
});

test('identifiers have the form of the public API', () => {
  for (let round = 0; round < 200; round += 1) assert.match(publicId('s-'), /^s-[0-9a-z]{17}$/);
});
