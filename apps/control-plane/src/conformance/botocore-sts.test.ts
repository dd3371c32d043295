import assert from 'node:assert/strict';
import test from 'node:test';
import { STS_OPERATIONS } from '@landfall/api';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { addTestUser, policyDocument } from '../testing/test-users.ts';
import { BotocoreClient, skip } from './botocore.testing.ts';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/mover`;

test('every operation of STS we offer works with botocore, and so do its credentials', {
  skip,
}, async (t) => {
  const plane = await startTestControlPlane(t);
  const trustPolicy = policyDocument([
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/ann` }, Action: 'sts:AssumeRole' },
  ]);
  await plane.api.landfall('CreateRole', { roleName: 'mover', trustPolicy });
  const policyName = 'AWSApplicationMigrationFullAccess';
  await plane.api.landfall('AttachPolicy', { roleName: 'mover', policyName });
  const { accessKeyId, secretAccessKey } = await addTestUser(plane, { userName: 'ann' });
  const ann = await BotocoreClient.open(t, 'sts', { ...plane.admin, accessKeyId, secretAccessKey });
  const called = new Set<string>();
  const call = (name: string, parameters: Record<string, unknown>) => {
    called.add(name);
    return ann.call(name, parameters);
  };

  const who = await call('GetCallerIdentity', {});
  assert.deepEqual([who.Arn, who.Account], [`arn:aws:iam::${ACCOUNT}:user/ann`, ACCOUNT]);
  const session = Object((await call('GetSessionToken', { DurationSeconds: 900 })).Credentials);
  assert.match(session.AccessKeyId, /^ASIA/);
  const assumed = await call('AssumeRole', { RoleArn: ROLE, RoleSessionName: 'night-shift' });
  const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/mover/night-shift`;
  assert.equal(Object(assumed.AssumedRoleUser).Arn, arn);
  const { AccessKeyId, SecretAccessKey, SessionToken } = Object(assumed.Credentials);
  const temporary = {
    ...{ ...plane.admin, accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey },
    sessionToken: SessionToken,
  };
  const mover = await BotocoreClient.open(t, 'mgn', temporary);
  await mover.call('InitializeService', {});
  assert.deepEqual((await mover.call('DescribeSourceServers', { filters: {} })).items, []);
  assert.deepEqual([...called].sort(), Object.keys(STS_OPERATIONS).sort(), 'each was called');

  const inSession = await BotocoreClient.open(t, 'sts', temporary);
  await assert.rejects(inSession.call('GetSessionToken', {}), { name: 'AccessDenied', status: 403 });
  const other = { RoleArn: `${ROLE}-of-nobody`, RoleSessionName: 'night-shift' };
  await assert.rejects(ann.call('AssumeRole', other), { name: 'AccessDenied', status: 403 });
  const wrong = await BotocoreClient.open(t, 'sts', { ...plane.admin, secretAccessKey: 'wrong' });
  await assert.rejects(wrong.call('GetCallerIdentity', {}), { name: 'SignatureDoesNotMatch', status: 403 });
  const forLong = { DurationSeconds: 999_999 };
  await assert.rejects(ann.call('GetSessionToken', forLong), { name: 'ValidationError', status: 400 });
  const refused = { name: 'ValidationError', message: /no operation|not serve/ };
  await assert.rejects(ann.call('GetFederationToken', { Name: 'ann' }), refused);
});
