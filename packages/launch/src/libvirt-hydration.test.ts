import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HydrationFacts } from './hydration.ts';
import { planTurn } from './libvirt-hydration.ts';

const JOB = { doneBytes: 1, bytesPerSecondMax: 5, error: undefined };

function disk(diskId: string, changes: Partial<HydrationFacts> = {}): HydrationFacts {
  const fresh = { hasBacking: true, hasViewNode: false, job: undefined, isFlushed: false };
  return { diskId, sizeBytes: 10, ...fresh, ...changes };
}

function idsOf(disks: readonly HydrationFacts[], begun: readonly string[] = [], speed = 5) {
  const { begin, flush, setSpeed, failed } = planTurn(disks, speed, ({ diskId }) => begun.includes(diskId));
  const names = (some: readonly HydrationFacts[]) => some.map(({ diskId }) => diskId).join();
  return [begin?.diskId, names(flush), names(setSpeed), names(failed)];
}

test('L1: one disk after the other, with the limit of all', () => {
  assert.deepEqual(idsOf([disk('a'), disk('b')]), ['a', '', '', '']);
  assert.deepEqual(idsOf([disk('a', { job: JOB }), disk('b')]), [undefined, '', '', '']);
  assert.deepEqual(idsOf([disk('a', { job: JOB }), disk('b')], [], 9), [undefined, '', 'a', '']);
});

test('L2: a disk is flushed when no other has a job, and the next begins after that', () => {
  const whole = disk('a', { hasBacking: false });
  assert.deepEqual(idsOf([whole, disk('b')]), ['b', 'a', '', '']);
  assert.deepEqual(idsOf([whole, disk('b', { job: JOB })]), [undefined, '', '', '']);
  // It has taken its disk's backing away, and is not dismissed yet.
  assert.deepEqual(idsOf([whole, disk('b', { job: JOB, hasBacking: false })]), [undefined, '', '', '']);
  assert.deepEqual(idsOf([disk('a', { hasBacking: false, isFlushed: true })]), [undefined, '', '', '']);
});

test('a disk whose job ended early is told, and comes after those that were not tried', () => {
  assert.deepEqual(idsOf([disk('a'), disk('b')], ['a']), ['b', '', '', 'a']);
  assert.deepEqual(idsOf([disk('a'), disk('b')], ['a', 'b']), ['a', '', '', 'a,b']);
  assert.deepEqual(idsOf([disk('a')], ['a']), ['a', '', '', 'a']);
});
