import assert from 'node:assert/strict';
import test from 'node:test';
import { formatBytes, formatDurationMs, isoDuration } from './units.ts';

test('sizes are shown in binary units', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(1536), '1.50 KiB');
  assert.equal(formatBytes(8 * 1024 ** 3), '8.00 GiB');
  assert.equal(formatBytes(20 * 1024 ** 4), '20.0 TiB');
});

test('durations are shown in the unit a person would use', () => {
  assert.equal(formatDurationMs(12), '12 ms');
  assert.equal(formatDurationMs(1500), '1.5 s');
  assert.equal(formatDurationMs(125_000), '2 min 5 s');
  assert.equal(formatDurationMs(7_260_000), '2 h 1 min');
});

test('the public API gets ISO 8601 durations', () => {
  assert.equal(isoDuration(0), 'P0DT0S');
  assert.equal(isoDuration(310_000), 'P0DT5M10S');
  assert.equal(isoDuration(90_061_000), 'P1DT1H1M1S');
});
