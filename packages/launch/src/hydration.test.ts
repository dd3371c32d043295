import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideHydration, type HydrationFacts, speedOfDisk, sumProgress } from './hydration.ts';

const DISK: HydrationFacts = {
  diskId: 'd',
  sizeBytes: 100,
  hasBacking: true,
  hasViewNode: true,
  job: undefined,
  isFlushed: false,
};
const JOB = { doneBytes: 5, bytesPerSecondMax: 0, error: undefined } as const;

test('a disk goes from begin over wait and removal of its view to nothing', () => {
  assert.equal(decideHydration(DISK, 0).kind, 'BEGIN');
  assert.equal(decideHydration({ ...DISK, job: JOB }, 0).kind, 'WAIT');
  const flushed = { ...DISK, hasBacking: false, isFlushed: true };
  assert.equal(decideHydration(flushed, 0).kind, 'REMOVE_VIEW');
  assert.equal(decideHydration({ ...flushed, hasViewNode: false }, 0).kind, 'NOTHING');
});

test('H6: a disk whose job has ended is flushed before its view goes, and is not complete until it is', () => {
  const ended = { ...DISK, hasBacking: false };
  assert.equal(decideHydration(ended, 0).kind, 'FLUSH');
  assert.equal(decideHydration({ ...ended, hasViewNode: false }, 0).kind, 'FLUSH');
  assert.equal(sumProgress([{ ...ended, hasViewNode: false }]).complete, false);
  assert.equal(sumProgress([{ ...ended, hasViewNode: false, isFlushed: true }]).complete, true);
});

test('a job that met an error is told to try again, at the speed that is wanted, and the error is known', () => {
  const job = { ...JOB, error: 'NO_SPACE' } as const;
  assert.deepEqual(decideHydration({ ...DISK, job }, 7), { kind: 'SET_SPEED' });
  assert.deepEqual(decideHydration({ ...DISK, job: { ...job, bytesPerSecondMax: 7 } }, 7), {
    kind: 'RESUME',
    error: 'NO_SPACE',
  });
});

test('H1: a job at its end does not make a disk complete while there is a backing', () => {
  const progress = sumProgress([{ ...DISK, job: { ...JOB, doneBytes: 100 } }]);
  assert.deepEqual(progress, { complete: false, doneBytes: 100, totalBytes: 100 });
});

test('progress is summed over disks, done ones in full', () => {
  const done = { ...DISK, hasBacking: false, hasViewNode: false, isFlushed: true };
  assert.deepEqual(sumProgress([done, { ...DISK, job: { ...JOB, doneBytes: 40 } }]), {
    complete: false,
    doneBytes: 140,
    totalBytes: 200,
  });
  assert.deepEqual(sumProgress([done, done]), { complete: true, doneBytes: 200, totalBytes: 200 });
});

test('H5: a job that runs at another speed than is wanted now is told of it, and of no other', () => {
  const decided = (bytesPerSecondMax: number, wanted: number) =>
    decideHydration({ ...DISK, job: { ...JOB, bytesPerSecondMax } }, wanted).kind;
  assert.deepEqual(
    [decided(0, 7), decided(7, 0), decided(7, 8), decided(7, 7)],
    ['SET_SPEED', 'SET_SPEED', 'SET_SPEED', 'WAIT'],
  );
});

test('H5: disks that are not complete share the limit; without one there is nothing to share', () => {
  const done = { ...DISK, hasBacking: false };
  const limited = { bandwidthBytesPerSecond: 90 };
  assert.equal(speedOfDisk(limited, [DISK, DISK]), 45);
  assert.equal(speedOfDisk(limited, [DISK, done, DISK, DISK]), 30);
  assert.equal(speedOfDisk(limited, [done, DISK]), 90);
  assert.equal(speedOfDisk(limited, [done, done]), 90);
  assert.equal(speedOfDisk({ bandwidthBytesPerSecond: undefined }, [DISK, DISK]), 0);
});
