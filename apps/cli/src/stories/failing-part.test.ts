import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailingPart } from './failing-part.ts';

const HEADING = '✖ failing tests:';

function partOf(lines: readonly string[], limit: number): readonly string[] {
  const part = new FailingPart(limit);
  for (const line of lines) part.take(line);
  return part.lines();
}

test('what comes before the heading is not of it', () => {
  const lines = ['✔ one (1ms)', '✖ two (2ms)', 'ℹ fail 1', HEADING, 'test at x.ts:1:1', '✖ two (2ms)'];
  const told = [HEADING, 'test at x.ts:1:1', '✖ two (2ms)'];
  assert.deepEqual(partOf(lines, 100), [...told, '✖ two (2ms)']);
});

test('a run in which nothing failed has none', () => {
  assert.deepEqual(partOf(['✔ one (1ms)', 'ℹ fail 0'], 100), []);
});

test('a long one is cut, says so, and still names all', () => {
  const lines = [HEADING, '✖ a', 'b', '✖ c'];
  assert.deepEqual(partOf(lines, 2), [HEADING, '✖ a', '… and 2 more lines above', '✖ a', '✖ c']);
});

test('of several runs only what failed is kept', () => {
  const part = new FailingPart(100);
  for (const run of [['✔ a'], [HEADING, '✖ b'], ['✔ c', 'ℹ fail 0'], [HEADING, '✖ d']]) {
    part.nextRun();
    for (const line of run) part.take(line);
  }
  assert.deepEqual(part.lines(), [HEADING, '✖ b', HEADING, '✖ d', '✖ b', '✖ d']);
});
