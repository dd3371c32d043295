/** Policies that come with Landfall let what their names say, of every action there is, and nothing else. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { addTestUser, policyDocument } from '../testing/test-users.ts';
import { KNOWN_ACTIONS, MANAGED_POLICIES } from './managed-policies.ts';
import { savePolicy } from './policies.ts';
import { parsePolicy } from './policy-document.ts';
import { evaluatePolicies } from './policy-evaluation.ts';

const PREFIX = 'arn:aws:mgn:us-east-1:000000000000';
const SERVER = `${PREFIX}:source-server/s-0123456789abcdefg`;
const CLIENT = `${PREFIX}:vcenter-client/vcc-0123456789abcdefg`;
const CONTEXT = {
  nowMs: Date.UTC(2026, 5, 1),
  sourceIp: '10.1.2.3',
  secureTransport: true,
  principalArn: 'arn:aws:iam::000000000000:user/ann',
  userName: 'ann',
};
const INSTALL = ['landfall:CreateEnrolmentToken'];
const FOLLOW = ['landfall:DescribeForecast', 'landfall:DescribeReplication'];

interface Circumstances {
  readonly resource?: string;
  readonly enrolmentRole?: string;
}

/** Sorted. */
function allowedBy(policyName: string, { resource = '*', enrolmentRole = 'agent' }: Circumstances = {}) {
  const policy = parsePolicy(MANAGED_POLICIES.get(policyName) ?? '', { kind: 'identity' });
  const context = { ...CONTEXT, enrolmentRole };
  return KNOWN_ACTIONS.filter(
    (action) => evaluatePolicies([policy], { action, resource, context }) === 'ALLOW',
  ).toSorted();
}

test('policies of agents let install agents, or follow a server, and list nothing', () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    AWSApplicationMigrationAgentInstallationPolicy: INSTALL,
    AWSApplicationMigrationAgentPolicy: [...INSTALL, ...FOLLOW],
    AWSApplicationMigrationServiceEc2InstancePolicy: [...INSTALL, ...FOLLOW],
    AWSApplicationMigrationAgentPolicy_v2: FOLLOW,
  };
  for (const [name, actions] of Object.entries(expected)) {
    assert.deepEqual(allowedBy(name, { resource: SERVER }), actions, name);
    for (const enrolmentRole of ['replication-server', 'launch-host']) {
      const other = actions.filter((action) => !INSTALL.includes(action));
      assert.deepEqual(allowedBy(name, { enrolmentRole }), other, `${name} makes no ${enrolmentRole}`);
    }
  }
});

test('the policy of Systems Manager lets manage scripts and the actions that name them', () => {
  assert.deepEqual(allowedBy('AWSApplicationMigrationSSMAccess', { resource: SERVER }), [
    'landfall:DeleteScriptDocument',
    'landfall:DeleteScriptParameter',
    'landfall:GetScriptDocument',
    'landfall:ListScriptDocuments',
    'landfall:ListScriptParameters',
    'landfall:PutScriptDocument',
    'landfall:PutScriptParameter',
    'mgn:ListSourceServerActions',
    'mgn:ListTemplateActions',
    'mgn:PutSourceServerAction',
    'mgn:PutTemplateAction',
    'mgn:RemoveSourceServerAction',
    'mgn:RemoveTemplateAction',
  ]);
});

test('the policy of vCenter clients reaches them alone', () => {
  const name = 'AWSApplicationMigrationVCenterClientPolicy';
  const tags = ['mgn:ListTagsForResource', 'mgn:TagResource', 'mgn:UntagResource'];
  assert.deepEqual(allowedBy(name), ['mgn:DescribeVcenterClients']);
  assert.deepEqual(allowedBy(name, { resource: CLIENT }), ['mgn:DescribeVcenterClients', ...tags]);
  assert.deepEqual(allowedBy(name, { resource: SERVER }), ['mgn:DescribeVcenterClients']);
});

test('full access leaves out who may do what, EC2 access is EC2, and only the administrator has all', () => {
  const isIdentity = /^landfall:\w*(User|AccessKey|Role|Policy|Policies|AuditEvent)s?$|^sts:/;
  const notIdentity = KNOWN_ACTIONS.filter((action) => !isIdentity.test(action)).toSorted();
  assert.deepEqual(allowedBy('AWSApplicationMigrationFullAccess'), notIdentity);
  const ec2 = KNOWN_ACTIONS.filter((action) => action.startsWith('ec2:')).toSorted();
  assert.deepEqual(allowedBy('AWSApplicationMigrationEC2Access'), ec2);
  assert.deepEqual(allowedBy('AdministratorAccess'), KNOWN_ACTIONS.toSorted());
  const changing = /:(Create|Delete|Put|Update|Start|Stop|Terminate|Attach|Tag|Mark|Pin|Lock|Open|Set)/;
  assert.deepEqual(
    allowedBy('AWSApplicationMigrationReadOnlyAccess').filter((one) => changing.test(one)),
    [],
  );
});

test('what installers do with them works: a token for an agent, scripts, and nothing beside', async (t) => {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  const refused = { name: 'AccessDeniedException' };
  const installer = await addTestUser(plane, {
    ...{ userName: 'installer', policies: ['AWSApplicationMigrationAgentPolicy'] },
  });
  const { token } = await installer.api.landfall('CreateEnrolmentToken', { role: 'agent' });
  assert.ok(token.length > 0);
  await assert.rejects(installer.api.landfall('CreateEnrolmentToken', { role: 'launch-host' }), refused);
  await assert.rejects(installer.api.mgn('DescribeSourceServers', {}), refused);
  const scripts = await addTestUser(plane, {
    ...{ userName: 'scripts', policies: ['AWSApplicationMigrationSSMAccess'] },
  });
  assert.deepEqual((await scripts.api.landfall('ListScriptParameters', {})).items, []);
  await assert.rejects(scripts.api.mgn('StartTest', { sourceServerIDs: ['s-0123456789abcdefg'] }), refused);
  const vcenter = await addTestUser(plane, {
    ...{ userName: 'vcenter', policies: ['AWSApplicationMigrationVCenterClientPolicy'] },
  });
  assert.deepEqual((await vcenter.api.mgn('DescribeVcenterClients', {})).items, []);
  await assert.rejects(vcenter.api.landfall('ListUsers', {}), refused);
});

test('a policy of one’s own that had the name before it was managed goes on meaning what it says', async (t) => {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  const { landfall } = plane.api;
  const policyName = 'AWSApplicationMigrationAgentPolicy';
  const document = policyDocument([{ Effect: 'Allow', Action: 'landfall:ListUsers', Resource: '*' }]);
  const { store } = plane.current().service;
  // As an earlier release, which had no managed policy of that name, left it.
  await store.transaction((tx) => savePolicy(tx, { name: policyName, document, nowMs: Date.now() }));
  const { api } = await addTestUser(plane, { userName: 'ann', policies: [policyName] });
  assert.equal((await api.landfall('ListUsers', {})).items.length, 2);
  const refused = { name: 'AccessDeniedException' };
  await assert.rejects(api.landfall('CreateEnrolmentToken', { role: 'agent' }), refused);
  assert.equal((await landfall('GetPolicy', { policyName })).document, document);
  const listed = async () =>
    (await landfall('ListPolicies', {})).items.filter((one) => one.policyName === policyName);
  assert.deepEqual(
    (await listed()).map(({ managed }) => managed),
    [false],
  );

  const wider = policyDocument([{ Effect: 'Allow', Action: 'landfall:List*', Resource: '*' }]);
  await landfall('PutPolicy', { policyName, document: wider });
  assert.ok((await api.landfall('ListPolicies', {})).items.length > 0);
  await landfall('DetachPolicy', { policyName, userName: 'ann' });
  await landfall('DeletePolicy', { policyName });
  assert.deepEqual(
    (await listed()).map(({ managed }) => managed),
    [true],
  );
  await assert.rejects(landfall('PutPolicy', { policyName, document }), { name: 'ConflictException' });
  await assert.rejects(landfall('DeletePolicy', { policyName }), { name: 'ConflictException' });
});
