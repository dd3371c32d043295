import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { planLanes, staleNames } from './story-lanes.ts';

const REPOSITORY = join(import.meta.dirname, '../../../..');

function everyStory(): readonly string[] {
  return planLanes(REPOSITORY, { oneByOne: true }).lanes.flatMap((lane) => lane.files);
}

test('every story runs in one lane, and only once', () => {
  const all = everyStory();
  const { lanes, shared } = planLanes(REPOSITORY, {});
  assert.deepEqual([...lanes.flatMap((lane) => lane.files), ...shared].sort(), [...all].sort());
  assert.equal(new Set(all).size, all.length);
  assert.equal(lanes.length, 2);
  assert.ok(lanes.every((lane) => lane.files.length > 5));
});

test('the lists of stories name stories that exist', () => {
  assert.deepEqual(staleNames(everyStory()), []);
});

test('what was asked for is run as it was asked for', () => {
  assert.deepEqual(planLanes(REPOSITORY, { only: ['e2e/x*.e2e.ts'] }), {
    lanes: [{ name: 'stories', files: ['e2e/x*.e2e.ts'] }],
    shared: [],
  });
});
