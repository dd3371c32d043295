import assert from 'node:assert/strict';
import test from 'node:test';
import { allMet, atLeast, atMost, formatRows } from './rows.ts';

test('the verdict is of the exact number, not of the rounded one', () => {
  const speed = atLeast(1.5, { what: 'speed', measured: 1.4999, unit: '×' });
  assert.equal(speed.measured, 1.5);
  assert.equal(speed.met, false);
  assert.equal(atMost(120, { what: 'lag', measured: 120, unit: 'ms' }).met, true);
  assert.equal(atMost(120, { what: 'lag', measured: 120.01, unit: 'ms' }).met, false);
});

test('a missed aim does not fail a benchmark; a missed goal, or nothing measured, does', () => {
  const met = atLeast(1, { what: 'a', measured: 2, unit: '' });
  const aim = atMost(20, { what: 'b', measured: 30, unit: 'ms', required: false });
  const missed = atMost(20, { what: 'c', measured: 30, unit: 'ms' });
  assert.equal(allMet([met, aim]), true);
  assert.equal(allMet([met, aim, missed]), false);
  assert.equal(allMet([]), false);
});

test('nothing that could not be measured counts as met', () => {
  assert.equal(atLeast(1, { what: 'a', measured: Number.NaN, unit: '' }).met, false);
  assert.equal(atMost(1, { what: 'a', measured: Number.NaN, unit: '' }).met, false);
});

test('the table names goal, measured and verdict of each row', () => {
  const text = formatRows([
    atLeast(0.8, { what: 'bytes a second', measured: 0.5, unit: '×' }),
    atMost(20, { what: 'lag p50', measured: 30, unit: 'ms', required: false }),
  ]);
  const [titles, first, second] = text.split('\n');
  assert.match(titles ?? '', /What +Goal +Measured +Verdict/);
  assert.match(first ?? '', /bytes a second +≥ 0\.8 × +0\.5 × +MISSED/);
  assert.match(second ?? '', /lag p50 +≤ 20 ms +30 ms +missed \(an aim\)/);
});
