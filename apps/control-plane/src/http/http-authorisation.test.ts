import assert from 'node:assert/strict';
import test from 'node:test';
import { type AnyOperation, type ApiClient, ApiError, allOperations, inputMembers } from '@landfall/api';
import { MEMBERS_WITHOUT_RESOURCE, namesResource } from '../identity/call-resources.ts';
import { IDENTITY_OPERATIONS } from '../identity/managed-policies.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';
import { addTestUser, policyDocument } from '../testing/test-users.ts';

const OPERATIONS: readonly AnyOperation[] = [...allOperations('mgn'), ...allOperations('landfall')];
const SHOWS_CONTENT = [
  'ListRecoveryPointFiles',
  'GetRecoveryPointFile',
  'GetConsoleOutput',
  'GetConsoleScreenshot',
  'DescribeBootProof',
];
const TAGGED = /tag(sFor)?Resource$/i;
const ARN = 'arn:aws:mgn:us-east-1:000000000000:source-server/s-0123456789abcdefg';

/** The exception that an operation is answered with; `undefined`: none. */
async function outcomeOf(api: ApiClient, { service, name }: AnyOperation): Promise<ApiError | undefined> {
  const call = api[service] as (name: string, input: object) => Promise<unknown>;
  try {
    await call(name, inputFor(name));
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function inputFor(name: string): object {
  if (!TAGGED.test(name)) return {};
  return { resourceArn: ARN, ...(name === 'UntagResource' ? { tagKeys: ['a'] } : {}) };
}

test('a user who may do nothing is refused every operation, in the words of the API', async (t) => {
  const plane = await startTestControlPlane(t);
  const { api } = await addTestUser(plane, { userName: 'nobody' });
  for (const operation of OPERATIONS) {
    const refusal = await outcomeOf(api, operation);
    const action = `${operation.service}:${operation.name}`;
    assert.equal(refusal?.name, 'AccessDeniedException', `${action}: ${refusal?.message}`);
    assert.equal(refusal.status, 403, action);
    const [, named, resource] =
      /^User: arn:aws:iam::000000000000:user\/nobody is not authorized to perform: (\S+) on resource: (\S+) because no identity-based policy allows the \S+ action$/.exec(
        refusal.message,
      ) ?? [];
    assert.equal(named, action);
    assert.equal(resource, TAGGED.test(operation.name) ? ARN : '*');
  }
});

test('a read-only user may call what changes nothing, and nothing else', async (t) => {
  const plane = await startTestControlPlane(t);
  const policies = ['AWSApplicationMigrationReadOnlyAccess'];
  const { api } = await addTestUser(plane, { userName: 'reader', policies });
  for (const operation of OPERATIONS) {
    const { name } = operation;
    const isOpen =
      operation.readonly === true && !IDENTITY_OPERATIONS.has(name) && !SHOWS_CONTENT.includes(name);
    const outcome = await outcomeOf(api, operation);
    assert.equal(outcome?.name === 'AccessDeniedException', !isOpen, `${operation.service}:${name}`);
  }
});

test('every member that names a resource is one that is authorised', () => {
  const faults = OPERATIONS.flatMap((operation) => {
    const members = inputMembers(operation);
    return members
      .filter((member) => /(ID|IDs|Id|Arn|Arns|userName|roleName|policyName)$/.test(member))
      .filter((member) => !namesResource(operation.service, member) && !MEMBERS_WITHOUT_RESOURCE.has(member))
      .map((member) => `${operation.service}:${operation.name} ${member}`);
  });
  assert.deepEqual(faults, []);
});

test('one refused server refuses the call; tags and addresses decide', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const mine = (await site.addAgent()).sourceServerId;
  const other = (await site.addAgent()).sourceServerId;
  const resourceArn = (await site.server(mine)).arn ?? '';
  await api.mgn('TagResource', { resourceArn, tags: { team: 'a' } });
  const user = await addTestUser(site.plane, {
    userName: 'team-a',
    statements: [
      {
        Effect: 'Allow',
        Action: ['mgn:*', 'landfall:*'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } },
      },
      {
        Effect: 'Allow',
        Action: 'mgn:Describe*',
        Resource: '*',
        Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } },
      },
      { Effect: 'Deny', Action: 'mgn:DisconnectFromService', Resource: resourceArn },
    ],
  });
  const refused = { name: 'AccessDeniedException' };
  assert.equal((await user.api.mgn('DescribeSourceServers', {})).items?.length, 2);
  await assert.rejects(user.api.mgn('StartTest', { sourceServerIDs: [mine, other] }), {
    ...refused,
    message: new RegExp(`mgn:StartTest on resource: arn:aws:mgn:.*${other} because`),
  });
  await assert.rejects(user.api.landfall('DescribeReplication', { sourceServerID: other }), refused);
  await user.api.landfall('DescribeReplication', { sourceServerID: mine });
  await assert.rejects(user.api.mgn('DisconnectFromService', { sourceServerID: mine }), {
    ...refused,
    message: /with an explicit deny in an identity-based policy$/,
  });
  const respelled = resourceArn.replace('arn:aws:', 'arn:aws-cn:');
  await api.landfall('PutPolicy', {
    policyName: 'no-tags',
    document: policyDocument([{ Effect: 'Deny', Action: 'mgn:TagResource', Resource: resourceArn }]),
  });
  await api.landfall('AttachPolicy', { policyName: 'no-tags', userName: 'team-a' });
  for (const spelling of [resourceArn, respelled]) {
    await assert.rejects(user.api.mgn('TagResource', { resourceArn: spelling, tags: {} }), {
      ...refused,
      message: /explicit deny/,
    });
  }
  const { job } = await user.api.mgn('StartTest', { sourceServerIDs: [mine] });
  await site.untilJobEnds(job?.jobID);
  const { items: machines } = await user.api.landfall('DescribeLaunchedMachines', {
    sourceServerIDs: [mine],
  });
  const machineID = machines[0]?.machineID ?? '';
  await user.api.landfall('GetConsoleOutput', { machineID });
  await api.mgn('UntagResource', { resourceArn, tagKeys: ['team'] });
  await assert.rejects(user.api.landfall('GetConsoleOutput', { machineID }), refused);
});

test('an installer may make tokens for agents only', async (t) => {
  const plane = await startTestControlPlane(t);
  const policies = ['AWSApplicationMigrationAgentInstallationPolicy'];
  const { api } = await addTestUser(plane, { userName: 'installer', policies });
  await api.landfall('CreateEnrolmentToken', {});
  await api.landfall('CreateEnrolmentToken', { role: 'agent' });
  await assert.rejects(api.landfall('CreateEnrolmentToken', { role: 'launch-host' }), {
    name: 'AccessDeniedException',
  });
});
