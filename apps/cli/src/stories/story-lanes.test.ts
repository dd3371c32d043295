import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { planLanes, staleNames } from './story-lanes.ts';

const REPOSITORY = join(import.meta.dirname, '../../../..');

test('every story runs in one lane, and only once', () => {
  const all = planLanes(REPOSITORY, { oneByOne: true }).flatMap((lane) => lane.files);
  const lanes = planLanes(REPOSITORY, {});
  assert.deepEqual(lanes.flatMap((lane) => lane.files).sort(), [...all].sort());
  assert.equal(new Set(all).size, all.length);
  assert.equal(lanes.length, 2);
  assert.ok(lanes.every((lane) => lane.files.length > 5));
});

test('the list of stories about machines names stories that exist', () => {
  const [lane] = planLanes(REPOSITORY, { oneByOne: true });
  assert.deepEqual(staleNames(lane?.files ?? []), []);
});

test('what was asked for is run as it was asked for', () => {
  assert.deepEqual(planLanes(REPOSITORY, { only: ['e2e/x*.e2e.ts'] }), [
    { name: 'stories', files: ['e2e/x*.e2e.ts'] },
  ]);
});
