import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoryTimes } from './story-times.ts';

test('the longest story is told first, and what each lane took', () => {
  let nowMs = 0;
  const times = new StoryTimes(() => nowMs);
  const stopOne = times.start('a.e2e.ts', 'replication');
  nowMs = 12_400;
  stopOne();
  const stopTwo = times.start('b.e2e.ts', 'replication');
  const stopThree = times.start('c.e2e.ts', 'machines');
  nowMs = 75_000;
  stopThree();
  nowMs = 112_400;
  stopTwo();
  assert.deepEqual(times.lines(), [
    '   100 s  replication  b.e2e.ts',
    '    63 s  machines     c.e2e.ts',
    '    12 s  replication  a.e2e.ts',
    '   112 s  replication  all of them',
    '    63 s  machines     all of them',
  ]);
});

test('nothing is told where nothing ran', () => {
  assert.deepEqual(new StoryTimes().lines(), []);
});
