import assert from 'node:assert/strict';
import test from 'node:test';
import { proveSequence } from './sequence-history.ts';

/** Transactions of 40 ms, one every 100 ms: 1 at 100 … 140, 2 at 200 … 240, 3 at 300 … 340. */
const HISTORY = [1, 2, 3].map((number) => ({ beginMs: number * 100, acknowledgedMs: number * 100 + 40 }));

function violationsOf(present: number, cutTimeMs: number): readonly string[] {
  return proveSequence({ who: 'writer', history: HISTORY, present, cut: { cutTimeMs } }).violations;
}

test('what was acknowledged is there, what is under way may be, what begins later is not', () => {
  assert.deepEqual(violationsOf(1, 180), []);
  assert.deepEqual(violationsOf(1, 220), []);
  assert.deepEqual(violationsOf(2, 220), []);
  assert.match(violationsOf(0, 180)[0] ?? '', /1 was acknowledged 40.0 ms before the cut/);
  assert.match(violationsOf(2, 180)[0] ?? '', /2 is there, but it was begun 20.0 ms after the cut/);
});

test('within the slack of the clocks both are allowed', () => {
  assert.deepEqual(violationsOf(1, 242), []);
  assert.deepEqual(violationsOf(2, 197), []);
});

test('after the last transaction that was logged one more may be there, not two', () => {
  assert.deepEqual(violationsOf(3, 1000), []);
  assert.deepEqual(violationsOf(4, 1000), []);
  assert.equal(violationsOf(5, 1000).length, 1);
  assert.equal(violationsOf(2, 1000).length, 1);
  assert.equal(violationsOf(4, 310).length, 0);
});
