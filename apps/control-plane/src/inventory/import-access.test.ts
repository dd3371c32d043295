import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestControlPlane, type TestControlPlane } from '../testing/test-control-plane.ts';
import { addTestUser, type TestUser } from '../testing/test-users.ts';
import { waitFor } from '../testing/wait-for.ts';

const GOLD = { StringEquals: { 'aws:ResourceTag/tier': 'gold' } };
const HEADER =
  'mgn:wave:name,mgn:app:name,mgn:app:description,mgn:server:user-provided-id,' +
  'mgn:server:fqdn-for-action-framework,mgn:server:tag:tier,mgn:launch:transfer-server-tags,' +
  'mgn:launch:tag:instance:by\n';
const SERVERS = `${HEADER},,,web-1,web-1.example.org,gold,\n,,,web-2,web-2.example.org,silver,\n`;

async function importAs({ api }: Pick<TestUser, 'api'>, plane: TestControlPlane, content: string) {
  await plane.api.landfall('PutInventoryFile', { key: 'in.csv', content });
  const s3BucketSource = { s3Bucket: 'inventory', s3Key: 'in.csv' };
  const { importTask } = await api.mgn('StartImport', { s3BucketSource });
  const importID = importTask?.importID ?? '';
  const ask = async () =>
    (await plane.api.mgn('ListImports', { filters: { importIDs: [importID] } })).items?.[0];
  const ended = await waitFor('the end of the import', ask, (task) => task?.endDateTime !== undefined);
  const { items: errors = [] } = await plane.api.mgn('ListImportErrors', { importID });
  const told = errors.map(({ errorType, errorData }) => ({ errorType, ...errorData }));
  return { status: ended?.status, summary: ended?.summary, errors: told };
}

async function tiersOf({ api }: TestControlPlane) {
  const { items = [] } = await api.mgn('DescribeSourceServers', {});
  return Object.fromEntries(items.map(({ userProvidedID, tags }) => [userProvidedID, tags?.tier]));
}

async function startWithServers(t: test.TestContext) {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  await importAs(plane, plane, SERVERS);
  return plane;
}

test('an import changes no tag that its caller may not change, and goes on with the others', async (t) => {
  const plane = await startWithServers(t);
  const user = await addTestUser(plane, {
    userName: 'silver',
    statements: [
      { Effect: 'Allow', Action: 'mgn:*', Resource: '*' },
      { Effect: 'Deny', Action: 'mgn:*', Resource: '*', Condition: GOLD },
    ],
  });
  const bronze = SERVERS.replace('gold', 'bronze').replace('silver', 'bronze');
  const { status, summary, errors } = await importAs(user, plane, bronze);
  assert.equal(status, 'FAILED');
  assert.deepEqual(summary?.servers, { createdCount: 0, modifiedCount: 1 });
  assert.deepEqual(
    errors.map(({ errorType, rowNumber }) => [errorType, rowNumber]),
    [['PROCESSING_ERROR', 2]],
  );
  assert.match(
    errors[0]?.rawError ?? '',
    /^User: \S+user\/silver is not authorized to perform: mgn:TagResource on .*with an explicit deny/,
  );
  assert.deepEqual(await tiersOf(plane), { 'web-1': 'gold', 'web-2': 'bronze' });
});

test('what an import changes is asked about as the operation that changes it alone', async (t) => {
  const plane = await startWithServers(t);
  await importAs(plane, plane, 'mgn:wave:name,mgn:app:name\nfirst,Shop\nsecond,\n');
  const user = await addTestUser(plane, {
    userName: 'importer',
    statements: [{ Effect: 'Allow', Action: 'mgn:StartImport', Resource: '*' }],
  });
  const cases: readonly (readonly [row: string, action: string])[] = [
    [',,,web-1,,bronze,', 'mgn:TagResource'],
    [',,,web-1,,,true', 'mgn:UpdateLaunchConfiguration'],
    [',,,web-1,other.example.org,,', 'mgn:UpdateSourceServer'],
    [',Shop,,web-1,,,', 'mgn:AssociateSourceServers'],
    [',Shop,,web-9,web-9.example.org,,', 'mgn:AssociateSourceServers'],
    [',Shop,sells,,,,', 'mgn:UpdateApplication'],
    [',,,web-1,,,,someone', 'landfall:CreateLaunchTemplateVersion'],
    ['second,Shop,,,,,', 'mgn:AssociateApplications'],
  ];
  for (const [row, action] of cases) {
    const { errors } = await importAs(user, plane, `${HEADER}${row}\n`);
    assert.equal(errors.length, 1, action);
    assert.match(errors[0]?.rawError ?? '', new RegExp(`perform: ${action} on resource: arn:aws:mgn:`));
  }
  const made = await importAs(
    user,
    plane,
    `${HEADER}third,,,,,,\n,Desk,,,,,\n,,,web-3,web-3.example.org,gold,\n`,
  );
  assert.deepEqual([made.status, made.errors], ['SUCCEEDED', []], 'what is new is nobody else’s');
  const same = await importAs(user, plane, SERVERS);
  assert.deepEqual([same.status, same.errors], ['SUCCEEDED', []], 'what stays as it is needs no leave');
});
