import assert from 'node:assert/strict';
import test from 'node:test';
import { GIB, MIB } from '@landfall/runtime';
import { formatProgress } from '../../terminal/progress.ts';
import { type FillSample, fillProgress, withSample } from './fill-pace.ts';

const HYDRATION = { state: 'RUNNING', doneBytes: 256 * MIB, totalBytes: GIB } as const;

/** As seen once a second. */
function seen(...doneMiB: number[]): readonly FillSample[] {
  const samples = doneMiB.map((done, second) => ({ atMs: second * 1000, doneBytes: done * MIB }));
  return samples.reduce(withSample, [] as readonly FillSample[]);
}

test('how far, how fast, within what limit, and when it ends', () => {
  const samples = seen(56, 106, 156, 206, 256);
  const shown = fillProgress({ ...HYDRATION, bytesPerSecondMax: 50 * MIB }, samples);
  assert.equal(shown.etaMs, (768 / 50) * 1000);
  assert.match(
    formatProgress(shown),
    /^filling in \[######\.+\] {2}25 % {2}256\.0 MiB of 1\.00 GiB, 50\.0 MiB\/s \(limit 50\.0 MiB\/s\) {2}ETA 15/,
  );
});

test('nothing is said of a speed before it was seen for some seconds, nor of an end that does not come', () => {
  const early = fillProgress(HYDRATION, seen(206, 256));
  assert.deepEqual([early.detail, early.etaMs], ['256.0 MiB of 1.00 GiB', undefined]);
  const still = fillProgress(HYDRATION, seen(256, 256, 256, 256, 256, 256));
  assert.match(still.detail ?? '', /, 0 B\/s$/);
  assert.equal(still.etaMs, undefined);
  assert.deepEqual(fillProgress({ ...HYDRATION, totalBytes: 0 }, []), { label: 'filling in' });
});

test('only the last minute counts, and what begins anew is measured anew', () => {
  const long = Array.from({ length: 100 }, (_, second) => second);
  assert.equal(seen(...long).length, 61);
  assert.equal(seen(10, 20, 30, 0, 5).length, 2);
});
