import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';

async function startEmpty(t: test.TestContext) {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  return plane;
}

test('an application is made once, however often the same request comes; its name is taken in any case', async (t) => {
  const { api } = await startEmpty(t);
  const input = { name: 'Shop', description: 'web shop', tags: { b: '2', a: '1' } };
  const first = await api.mgn('CreateApplication', input);
  assert.match(first.applicationID ?? '', /^app-[0-9a-z]{17}$/);
  assert.deepEqual(await api.mgn('ListTagsForResource', { resourceArn: first.arn ?? '' }), {
    tags: input.tags,
  });
  const again = await api.mgn('CreateApplication', { ...input, tags: { a: '1', b: '2' } });
  assert.equal(again.applicationID, first.applicationID);
  for (const other of [{ name: 'shop' }, { name: 'Shop' }, { ...input, tags: {} }]) {
    await assert.rejects(api.mgn('CreateApplication', other), {
      name: 'ConflictException',
      members: { resourceId: first.applicationID, resourceType: 'Application' },
    });
  }
  assert.equal((await api.mgn('ListApplications', {})).items?.length, 1);
});

test('an update changes what it names, and a name only to a free one', async (t) => {
  const { api } = await startEmpty(t);
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'one', description: 'kept' });
  await api.mgn('CreateApplication', { name: 'two' });
  const renamed = await api.mgn('UpdateApplication', { applicationID, name: 'ONE' });
  assert.deepEqual([renamed.name, renamed.description], ['ONE', 'kept']);
  await assert.rejects(api.mgn('UpdateApplication', { applicationID, name: 'Two' }), {
    name: 'ConflictException',
  });
  const described = await api.mgn('UpdateApplication', { applicationID, description: '' });
  assert.deepEqual([described.name, described.description], ['ONE', '']);
  const unknown = { applicationID: 'app-00000000000000000' };
  await assert.rejects(api.mgn('UpdateApplication', unknown), { name: 'ResourceNotFoundException' });
});

test('servers join one application, leave it, and hold it while they are in it', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId } = await site.addAgent();
  const sourceServerIDs = [sourceServerId];
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'one' });
  const other = (await api.mgn('CreateApplication', { name: 'two' })).applicationID ?? '';
  const unknown = [sourceServerId, 's-00000000000000000'];
  await assert.rejects(api.mgn('AssociateSourceServers', { applicationID, sourceServerIDs: unknown }), {
    name: 'ResourceNotFoundException',
  });
  assert.equal((await site.server(sourceServerId)).applicationID, undefined, 'all or nothing');
  await api.mgn('AssociateSourceServers', { applicationID, sourceServerIDs });
  await api.mgn('AssociateSourceServers', { applicationID, sourceServerIDs });
  await assert.rejects(api.mgn('AssociateSourceServers', { applicationID: other, sourceServerIDs }), {
    name: 'ConflictException',
    message: new RegExp(applicationID),
  });
  await assert.rejects(api.mgn('DisassociateSourceServers', { applicationID: other, sourceServerIDs }), {
    name: 'ConflictException',
  });
  const filtered = await api.mgn('DescribeSourceServers', { filters: { applicationIDs: [applicationID] } });
  assert.deepEqual(
    filtered.items?.map(({ sourceServerID }) => sourceServerID),
    sourceServerIDs,
  );
  const empty = await api.mgn('DescribeSourceServers', { filters: { applicationIDs: [other] } });
  assert.deepEqual(empty.items, []);
  await assert.rejects(api.mgn('DeleteApplication', { applicationID }), { name: 'ConflictException' });
  await api.mgn('DisassociateSourceServers', { applicationID, sourceServerIDs });
  await api.mgn('DisassociateSourceServers', { applicationID, sourceServerIDs });
  await api.mgn('DeleteApplication', { applicationID });
  await assert.rejects(api.mgn('DeleteApplication', { applicationID }), {
    name: 'ResourceNotFoundException',
  });
});

test('status is told upwards: from servers to their application and its wave', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId } = await site.addAgent();
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'shop' });
  const { waveID = '' } = await api.mgn('CreateWave', { name: 'first' });
  await api.mgn('AssociateApplications', { waveID, applicationIDs: [applicationID] });
  const application = async () =>
    (await api.mgn('ListApplications', { filters: { waveIDs: [waveID] } })).items?.[0];
  const wave = async () => (await api.mgn('ListWaves', { filters: { waveIDs: [waveID] } })).items?.[0];
  assert.equal((await application())?.applicationAggregatedStatus?.progressStatus, 'NOT_STARTED');
  assert.equal((await wave())?.waveAggregatedStatus?.replicationStartedDateTime, undefined);
  await api.mgn('AssociateSourceServers', { applicationID, sourceServerIDs: [sourceServerId] });
  const status = (await application())?.applicationAggregatedStatus;
  assert.deepEqual(
    [status?.healthStatus, status?.progressStatus, status?.totalSourceServers],
    ['HEALTHY', 'IN_PROGRESS', 1],
  );
  const above = (await wave())?.waveAggregatedStatus;
  assert.deepEqual(
    [above?.healthStatus, above?.progressStatus, above?.totalApplications],
    ['HEALTHY', 'IN_PROGRESS', 1],
  );
  assert.ok(above?.replicationStartedDateTime);
});

test('only what is finished is archived, from the servers up; archived groups stay as they are', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent()).sourceServerId;
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'shop' });
  const { waveID = '' } = await api.mgn('CreateWave', { name: 'first' });
  await api.mgn('AssociateApplications', { waveID, applicationIDs: [applicationID] });
  await api.mgn('AssociateSourceServers', { applicationID, sourceServerIDs: [sourceServerID] });
  await assert.rejects(api.mgn('ArchiveApplication', { applicationID }), {
    name: 'ConflictException',
    message: /READY_FOR_TEST/,
  });
  await assert.rejects(api.mgn('ArchiveWave', { waveID }), { name: 'ConflictException' });
  await assert.rejects(api.mgn('DeleteWave', { waveID }), { name: 'ConflictException' });
  await api.mgn('DisconnectFromService', { sourceServerID });
  await api.mgn('MarkAsArchived', { sourceServerID });
  assert.equal((await api.mgn('ArchiveApplication', { applicationID })).isArchived, true);
  assert.equal((await api.mgn('ArchiveApplication', { applicationID })).isArchived, true);
  const refusals = [
    api.mgn('UpdateApplication', { applicationID, description: 'x' }),
    api.mgn('DisassociateSourceServers', { applicationID, sourceServerIDs: [sourceServerID] }),
  ];
  const conflict = { name: 'ConflictException', message: /unarchive it first/ };
  await Promise.all(refusals.map((refused) => assert.rejects(refused, conflict)));
  const archived = await api.mgn('ArchiveWave', { waveID });
  assert.equal(archived.waveAggregatedStatus?.progressStatus, 'COMPLETED');
  assert.deepEqual((await api.mgn('ListWaves', { filters: { isArchived: false } })).items, []);
  assert.equal((await api.mgn('UnarchiveWave', { waveID })).isArchived, false);
  assert.equal((await api.mgn('UnarchiveApplication', { applicationID })).isArchived, false);
  await api.mgn('DisassociateApplications', { waveID, applicationIDs: [applicationID] });
  await api.mgn('DeleteWave', { waveID });
});

test('there are at most 200 active waves; an archived one makes room', async (t) => {
  const { api } = await startEmpty(t);
  const { waveID = '' } = await api.mgn('CreateWave', { name: 'wave 0' });
  for (let index = 1; index < 200; index += 1) await api.mgn('CreateWave', { name: `wave ${index}` });
  await assert.rejects(api.mgn('CreateWave', { name: 'one more' }), {
    name: 'ServiceQuotaExceededException',
    members: { resourceType: 'Wave', serviceCode: 'mgn', quotaValue: 200 },
  });
  await api.mgn('ArchiveWave', { waveID });
  await api.mgn('CreateWave', { name: 'one more' });
  await assert.rejects(api.mgn('UnarchiveWave', { waveID }), { name: 'ServiceQuotaExceededException' });
  const seen: string[] = [];
  for await (const { items = [] } of api.mgnPages('ListWaves', { maxResults: 70 })) {
    seen.push(...items.map(({ name = '' }) => name));
  }
  assert.equal(new Set(seen).size, 201);
});
