import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';

const SSM = { ssmInstanceID: 'mi-0123456789abcdef0' };
const COMMANDS = { s3OutputEnabled: true, outputS3BucketName: 'logs', cloudWatchOutputEnabled: false };

test('a connector is made once, changed, listed, tagged and deleted', async (t) => {
  const { api } = await startTestControlPlane(t);
  await api.mgn('InitializeService', {});
  const input = { name: 'site-1', ...SSM, tags: { a: '1' } };
  const { connectorID = '', arn = '' } = await api.mgn('CreateConnector', input);
  assert.match(connectorID, /^connector-[0-9a-z]{17}$/);
  assert.equal((await api.mgn('CreateConnector', input)).connectorID, connectorID);
  const other = await api.mgn('CreateConnector', { ...input, tags: {} });
  assert.notEqual(other.connectorID, connectorID);
  const changed = await api.mgn('UpdateConnector', { connectorID, ssmCommandConfig: COMMANDS });
  assert.deepEqual([changed.name, changed.ssmCommandConfig], ['site-1', COMMANDS]);
  await api.mgn('TagResource', { resourceArn: arn, tags: { b: '2' } });
  const { items = [] } = await api.mgn('ListConnectors', { filters: { connectorIDs: [connectorID] } });
  assert.deepEqual(
    items.map(({ tags }) => tags),
    [{ a: '1', b: '2' }],
  );
  await api.mgn('DeleteConnector', { connectorID });
  for (const gone of [
    () => api.mgn('DeleteConnector', { connectorID }),
    () => api.mgn('UpdateConnector', { connectorID, name: 'x' }),
    () => api.mgn('ListTagsForResource', { resourceArn: arn }),
  ]) {
    await assert.rejects(gone(), { name: 'ResourceNotFoundException' });
  }
});

test('source servers point at connectors there are; a deleted one is pointed at no more', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent()).sourceServerId;
  const { connectorID = '', arn = '' } = await api.mgn('CreateConnector', { name: 'site-1', ...SSM });
  const point = (connectorArn: string) =>
    api.mgn('UpdateSourceServer', { sourceServerID, connectorAction: { connectorArn } });
  const otherArns = [
    arn.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    arn.replace('us-east-1', 'eu-west-1'),
  ];
  for (const other of otherArns) {
    await assert.rejects(point(other), { name: 'ResourceNotFoundException' });
  }
  assert.equal((await point(arn)).connectorAction?.connectorArn, arn);
  await api.mgn('DeleteConnector', { connectorID });
  assert.equal((await site.server(sourceServerID)).connectorAction, undefined);
});

test('two servers in use never share a user-provided id', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const one = (await site.addAgent()).sourceServerId;
  const two = (await site.addAgent()).sourceServerId;
  const give = (sourceServerID: string) =>
    api.mgn('UpdateSourceServer', { sourceServerID, userProvidedID: 'rack 7', platform: 'linux' });
  assert.equal((await give(one)).userProvidedID, 'rack 7');
  await give(one);
  await assert.rejects(give(two), {
    name: 'ConflictException',
    members: { resourceId: one, resourceType: 'SourceServer' },
  });
});

test('a server with an agent stays with it; there are no vCenter clients, and one account', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent()).sourceServerId;
  const set = (replicationType: 'AGENT_BASED' | 'SNAPSHOT_SHIPPING') =>
    api.mgn('UpdateSourceServerReplicationType', { sourceServerID, replicationType });
  assert.equal((await set('AGENT_BASED')).replicationType, 'AGENT_BASED');
  await assert.rejects(set('SNAPSHOT_SHIPPING'), { name: 'ConflictException' });
  assert.deepEqual(await api.mgn('DescribeVcenterClients', { maxResults: 5 }), { items: [] });
  const vcenterClientID = 'vcc-0123456789abcdef0';
  await assert.rejects(api.mgn('DeleteVcenterClient', { vcenterClientID }), {
    name: 'ResourceNotFoundException',
  });
  const { items = [] } = await api.mgn('ListManagedAccounts', {});
  const accountID = items[0]?.accountId;
  assert.equal((await api.mgn('DescribeSourceServers', { accountID })).items?.length, 1);
  await assert.rejects(api.mgn('DescribeSourceServers', { accountID: '123456789012' }), {
    name: 'AccessDeniedException',
  });
});
