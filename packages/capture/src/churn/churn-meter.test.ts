import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@landfall/runtime';
import fc from 'fast-check';
import type { BlockEvent } from '../tracing/block-event.ts';
import { CHURN_WINDOWS_MS, ChurnMeter } from './churn-meter.ts';
import { DistinctBlocks, SAMPLED_MAX } from './distinct-blocks.ts';

const BLOCK = 4096;
const MIB = 1024 * 1024;

function write(timeMs: number, block: number, blocks = 1, diskIndex = 0): BlockEvent {
  const range = { sector: block * 8, sectorCount: blocks * 8 };
  return { kind: 'complete', operation: 'write', diskIndex, ...range, timeNs: timeMs * 1e6 };
}

function rates(meter: ChurnMeter, windowMs: number): readonly number[] {
  return meter.churn().windows.find((window) => window.windowMs === windowMs)?.bytesPerSecond ?? [];
}

test('a block rewritten in a window counts once, and every write counts where none are folded', () => {
  const meter = new ChurnMeter([64 * MIB], 0);
  for (let timeMs = 0; timeMs < 10_000; timeMs += 10) meter.add([write(timeMs, (timeMs / 1000) | 0)]);
  meter.advance(10_000e6);
  assert.deepEqual(rates(meter, 0), new Array(10).fill(100 * BLOCK));
  assert.deepEqual(rates(meter, 250), new Array(40).fill(4 * BLOCK));
  assert.deepEqual(rates(meter, 1000), new Array(10).fill(BLOCK));
  assert.deepEqual(rates(meter, 10_000), [BLOCK]);
});

test('every window counts the different blocks of its time, whatever is written', () => {
  const writes = fc.array(
    fc.record({
      timeMs: fc.nat({ max: 20_000 }),
      block: fc.nat({ max: 300 }),
      blocks: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(writes, (unordered) => {
      const ordered = [...unordered].sort((left, right) => left.timeMs - right.timeMs);
      const meter = new ChurnMeter([2 * MIB], 0);
      for (const { timeMs, block, blocks } of ordered) meter.add([write(timeMs, block, blocks)]);
      meter.advance(20_000e6);
      for (const windowMs of CHURN_WINDOWS_MS.filter((ms) => ms <= 20_000)) {
        const expected = Array.from({ length: 20_000 / windowMs }, (_, window) => {
          const inside = ordered.filter(({ timeMs }) => Math.floor(timeMs / windowMs) === window);
          const blocks = inside.flatMap(({ block, blocks }) =>
            Array.from({ length: blocks }, (_, at) => block + at),
          );
          return (new Set(blocks).size * BLOCK * 1000) / windowMs;
        });
        assert.deepEqual(rates(meter, windowMs), expected);
      }
    }),
    { numRuns: 100 },
  );
});

test('nothing written is a measurement of nothing, and discards and zeroes by command cost nothing', () => {
  const meter = new ChurnMeter([64 * MIB], 0);
  meter.add([
    { ...write(10, 0), operation: 'discard' },
    { ...write(20, 0), kind: 'issue' },
  ]);
  meter.add([write(30, 0, 10_000)]);
  meter.advance(2000e6);
  assert.deepEqual(rates(meter, 0), [0, 0]);
  assert.deepEqual(rates(meter, 1000), [0, 0]);
  assert.deepEqual(meter.churn().places, []);
});

test('where changes lie is told over all disks, in the order of offsets', () => {
  const meter = new ChurnMeter([8 * MIB, 8 * MIB], 0);
  meter.add([write(1, 0), write(2, 1), write(3, 2), write(4, 2047, 1, 1)]);
  meter.advance(1000e6);
  const { places } = meter.churn();
  assert.deepEqual([places[0], places.at(-1)], [0.75, 0.25]);
});

test('a million different blocks are counted within three per cent, in the memory of a few thousand', () => {
  const random = seededRandom(7);
  const whole = new DistinctBlocks();
  const half = new DistinctBlocks();
  for (let block = 0; block < 1_000_000; block += 1) {
    (block % 2 === 0 ? whole : half).add(block);
    if (random.integer(4) === 0) whole.add(block - (block % 2));
  }
  whole.merge(half);
  let kept = 0;
  whole.forEach(() => {
    kept += 1;
  });
  assert.ok(kept <= SAMPLED_MAX);
  assert.ok(Math.abs(whole.count / 1_000_000 - 1) < 0.03, `${whole.count}`);
});
