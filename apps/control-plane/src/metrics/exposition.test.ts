import assert from 'node:assert/strict';
import test from 'node:test';
import { allOperations, EC2_OPERATION_NAMES, STS_OPERATIONS } from '@landfall/api';
import fc from 'fast-check';
import { CallMetrics } from './call-metrics.ts';
import { writeExposition } from './exposition.ts';
import { parseExposition } from './exposition-parser.testing.ts';

test('whatever text is in a label and whatever number, it is read as it was', () => {
  const samples = fc.uniqueArray(
    fc.record({
      labels: fc.record({ name: fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()) }),
      value: fc.double(),
    }),
    { selector: ({ labels }) => labels.name },
  );
  fc.assert(
    fc.property(samples, fc.string({ unit: 'grapheme', minLength: 1 }), (written, text) => {
      const help = `about ${text.replaceAll('\n', ' ')}`;
      const family = { type: 'gauge', name: 'landfall_test', help, samples: written } as const;
      const read = parseExposition(writeExposition([family])).get('landfall_test');
      const plain = (value: number) => (Object.is(value, -0) ? 0 : value);
      assert.deepEqual(
        read?.samples.map(({ labels, value }) => [labels.name, plain(value)]),
        written.map(({ labels, value }) => [labels.name, plain(value)]),
      );
    }),
    // To JavaScript a line ends there, to Prometheus it does not.
    { examples: [[[], '\u2028']] },
  );
});

test('calls are counted by outcome, and their durations fall into buckets', () => {
  const metrics = new CallMetrics();
  for (const seconds of [0.001, 0.005, 0.03, 99]) {
    metrics.observe({ action: 'mgn:StartTest', code: 'ok', seconds });
  }
  metrics.observe({ action: 'mgn:StartTest', code: 'ConflictException', seconds: 0.2 });
  const read = parseExposition(writeExposition(metrics.families()));
  const calls = read.get('landfall_api_calls_total')?.samples ?? [];
  assert.deepEqual(
    calls.map(({ labels, value }) => [labels.operation, labels.code, value]),
    [
      ['StartTest', 'ok', 4],
      ['StartTest', 'ConflictException', 1],
    ],
  );
  const durations = read.get('landfall_api_call_duration_seconds')?.samples ?? [];
  const bucket = (le: string) => durations.find(({ labels }) => labels.le === le)?.value;
  assert.deepEqual([bucket('0.005'), bucket('0.05'), bucket('10'), bucket('+Inf')], [2, 3, 4, 5]);
});

test('every operation of every service is counted under its name', () => {
  const actions = [
    ...allOperations('mgn').map(({ name }) => `mgn:${name}`),
    ...allOperations('landfall').map(({ name }) => `landfall:${name}`),
    ...EC2_OPERATION_NAMES.map((name) => `ec2:${name}`),
    ...Object.keys(STS_OPERATIONS).map((name) => `sts:${name}`),
  ];
  const metrics = new CallMetrics();
  for (const action of actions) {
    metrics.observe({ action, code: 'InvalidInstanceID.NotFound', seconds: 0 });
  }
  const [calls] = metrics.families();
  assert.ok(calls !== undefined && 'samples' in calls);
  assert.deepEqual(
    calls.samples.map(({ labels }) => `${labels?.service}:${labels?.operation}`),
    actions,
  );
  assert.ok(calls.samples.every(({ labels }) => labels?.code === 'InvalidInstanceID.NotFound'));
});

test('nobody can make series without number by asking for what there is not', () => {
  const metrics = new CallMetrics();
  for (let count = 0; count < 5000; count += 1) {
    metrics.observe({ action: `mgn:Nothing${count}`, code: `Code${'x'.repeat(count % 60)}`, seconds: 1 });
    metrics.observe({ action: '', code: `odd "${count}"`, seconds: 1 });
  }
  const samples = metrics.families().flatMap((family) => ('samples' in family ? family.samples : []));
  assert.ok(samples.length <= 65, `${samples.length}`);
  assert.deepEqual([...new Set(samples.map(({ labels }) => labels?.operation))], ['unknown']);
});
