import assert from 'node:assert/strict';
import test from 'node:test';
import { operations } from '@landfall/api';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { CALL_RATE, CallLimits, isReplaySafe, REPLAY_WINDOW_MS } from './call-limits.ts';

test('L1: a key has its burst, then its rate; others are not held up', () => {
  const limits = new CallLimits();
  for (let call = 0; call < CALL_RATE.burst; call += 1) limits.takeCall('AKIA1', 0);
  const throttled = { name: 'ThrottlingException', status: 429, retryAfterSeconds: 1 };
  assert.throws(() => limits.takeCall('AKIA1', 0), throttled);
  limits.takeCall('AKIA2', 0);
  for (let call = 0; call < CALL_RATE.perSecond; call += 1) limits.takeCall('AKIA1', 1000);
  assert.throws(() => limits.takeCall('AKIA1', 1000), throttled);
  assert.throws(() => limits.takeCall('AKIA1', 0), throttled, 'a clock set back gives nothing');
});

test('L2, L3: a signature is good once, for as long as its date is', () => {
  const limits = new CallLimits([{ signature: 'before-restart', seenAtMs: 0 }]);
  const used = { name: 'InvalidSignatureException', message: /received before/ };
  assert.throws(() => limits.useSignature('before-restart', 1), used);
  limits.useSignature('one', 1);
  assert.throws(() => limits.useSignature('one', REPLAY_WINDOW_MS), used);
  limits.useSignature('one', REPLAY_WINDOW_MS + 1);
  limits.forgetSignature('one');
  limits.useSignature('one', REPLAY_WINDOW_MS + 2);
});

test('L2: what may be sent again is a read, or an idempotent call of MGN', () => {
  const { mgn, landfall } = operations;
  const safe = [mgn.DescribeJobs, mgn.TagResource, mgn.InitializeService, landfall.ListUsers];
  const once = [mgn.StartTest, mgn.MarkAsArchived, landfall.AttachPolicy, landfall.UpdateAccessKey];
  assert.deepEqual([...safe, ...once].map(isReplaySafe), [
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test('L1: the API tells when to come back', async (t) => {
  const plane = await startTestControlPlane(t, { callRate: { perSecond: 0, burst: 2 } });
  for (const _ of [1, 2]) await plane.api.landfall('DescribeService', {});
  await assert.rejects(plane.api.landfall('DescribeService', {}), {
    name: 'ThrottlingException',
    message: 'Rate exceeded',
    status: 429,
    retryAfterSeconds: 1,
  });
});
