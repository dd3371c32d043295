import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api';
import fc from 'fast-check';
import { summarizeMetrics } from './metrics.ts';
import { sparkline } from './sparkline.ts';

function statistics(samples: number, [minimum, mean, maximum]: readonly [number, number, number]) {
  return { samples, mean, minimum, maximum };
}

test('a summary weighs points by their samples, and leaves out what was not measured', () => {
  const points: readonly Landfall.ReplicationMetricPoint[] = [
    { dateTime: 'a', lagMs: statistics(3, [100, 200, 300]), backlogBytes: statistics(1, [0, 0, 0]) },
    { dateTime: 'b', backlogBytes: statistics(2, [1000, 1024, 2048]) },
    { dateTime: 'c', lagMs: statistics(1, [600, 600, 600]) },
  ];
  assert.deepEqual(summarizeMetrics(points), [
    {
      ...{ name: 'lag', newest: '600 ms', mean: '300 ms', minimum: '100 ms', maximum: '600 ms' },
      course: '▃ █',
    },
    {
      ...{ name: 'backlog', newest: '1.00 KiB', mean: '683 B', minimum: '0 B', maximum: '2.00 KiB' },
      course: '▁█ ',
    },
  ]);
  assert.deepEqual(summarizeMetrics([]), []);
});

test('a sparkline is as long as its numbers, never higher than its largest, and flat for nothing', () => {
  const values = fc.array(fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }), { nil: undefined }));
  fc.assert(
    fc.property(values, (numbers) => {
      const line = [...sparkline(numbers)];
      assert.equal(line.length, numbers.length);
      const most = Math.max(0, ...numbers.flatMap((one) => one ?? []));
      for (const [index, value] of numbers.entries()) {
        if (value === undefined) assert.equal(line[index], ' ');
        else if (value === most && most > 0) assert.equal(line[index], '█');
        else assert.match(line[index] ?? '', /[▁-█]/);
      }
    }),
  );
  assert.equal(sparkline([0, 0]), '▁▁');
});
