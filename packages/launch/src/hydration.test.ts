import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideHydration, type HydrationFacts, sumProgress } from './hydration.ts';

const DISK: HydrationFacts = {
  diskId: 'd',
  sizeBytes: 100,
  hasBacking: true,
  hasViewNode: true,
  job: undefined,
};

test('a disk goes from begin over wait and removal of its view to nothing', () => {
  assert.equal(decideHydration(DISK).kind, 'BEGIN');
  assert.equal(decideHydration({ ...DISK, job: { doneBytes: 5, error: undefined } }).kind, 'WAIT');
  assert.equal(decideHydration({ ...DISK, hasBacking: false }).kind, 'REMOVE_VIEW');
  assert.equal(decideHydration({ ...DISK, hasBacking: false, hasViewNode: false }).kind, 'NOTHING');
});

test('a job that met an error is told to try again, and the error is known', () => {
  assert.deepEqual(decideHydration({ ...DISK, job: { doneBytes: 5, error: 'NO_SPACE' } }), {
    kind: 'RESUME',
    error: 'NO_SPACE',
  });
});

test('H1: a job at its end does not make a disk complete while there is a backing', () => {
  const progress = sumProgress([{ ...DISK, job: { doneBytes: 100, error: undefined } }]);
  assert.deepEqual(progress, { complete: false, doneBytes: 100, totalBytes: 100 });
});

test('progress is summed over disks, done ones in full', () => {
  const done = { ...DISK, hasBacking: false, hasViewNode: false };
  assert.deepEqual(sumProgress([done, { ...DISK, job: { doneBytes: 40, error: undefined } }]), {
    complete: false,
    doneBytes: 140,
    totalBytes: 200,
  });
  assert.deepEqual(sumProgress([done, done]), { complete: true, doneBytes: 200, totalBytes: 200 });
});
