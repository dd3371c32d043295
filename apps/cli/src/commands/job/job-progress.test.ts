import assert from 'node:assert/strict';
import test from 'node:test';
import type { Mgn } from '@landfall/api';
import { jobProgress, medianDurationMs } from './job-progress.ts';

const BEGAN = '2026-11-26T10:00:00.000Z';
const BEGAN_MS = Date.parse(BEGAN);

function ended(seconds: number): Mgn.Job {
  const endDateTime = new Date(BEGAN_MS + seconds * 1000).toISOString();
  return { jobID: `j-${seconds}`, status: 'COMPLETED', creationDateTime: BEGAN, endDateTime };
}

test('how long the like usually take is their median; what has not ended does not count', () => {
  assert.equal(medianDurationMs([ended(10), ended(90), ended(30)]), 30_000);
  assert.equal(medianDurationMs([{ jobID: 'j', status: 'STARTED', creationDateTime: BEGAN }]), undefined);
  assert.equal(medianDurationMs([]), undefined);
});

test('a job has a time of its end by what is usual, and none once it takes longer', () => {
  const followed = {
    job: { jobID: 'j-1', status: 'STARTED' as const, creationDateTime: BEGAN },
    log: [{ event: 'CONVERSION_START' as const }],
  };
  assert.deepEqual(jobProgress(followed, { usualMs: 40_000, nowMs: BEGAN_MS + 10_000 }), {
    label: 'CONVERSION_START',
    detail: 'for 10.0 s',
    fraction: 0.25,
    etaMs: 30_000,
  });
  const late = { label: 'CONVERSION_START', detail: 'for 50.0 s' };
  assert.deepEqual(jobProgress(followed, { usualMs: 40_000, nowMs: BEGAN_MS + 50_000 }), late);
  assert.deepEqual(jobProgress(followed, { usualMs: undefined, nowMs: BEGAN_MS + 50_000 }), late);
});
