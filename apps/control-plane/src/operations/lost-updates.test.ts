/** Creates that are asked for again, changes that are made side by side: nothing doubled, nothing lost. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { addReadyServers } from '../testing/many-servers.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';

const MANY = 20;

const many = <Result>(call: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: MANY }, (_, index) => call(index)));

test('the same create, many times at once, makes one', async (t) => {
  const { api, stateDir } = await startTestControlPlane(t);
  await api.mgn('InitializeService', {});
  const bucket = join(stateDir, 'buckets/bucket');
  await mkdir(bucket, { recursive: true });
  await writeFile(join(bucket, 'servers.csv'), 'mgn:server:user-provided-id\nweb-1\n');
  const group = { name: 'one', description: 'the same', tags: { a: '1' } };
  const made = {
    application: await many(async () => (await api.mgn('CreateApplication', group)).applicationID),
    wave: await many(async () => (await api.mgn('CreateWave', group)).waveID),
    connector: await many(
      async () =>
        (await api.mgn('CreateConnector', { name: 'one', ssmInstanceID: 'mi-0123456789abcdef0' }))
          .connectorID,
    ),
    import: await many(
      async () =>
        (
          await api.mgn('StartImport', {
            clientToken: 'token',
            s3BucketSource: { s3Bucket: 'bucket', s3Key: 'servers.csv' },
          })
        ).importTask?.importID,
    ),
  };
  for (const [kind, ids] of Object.entries(made)) assert.equal(new Set(ids).size, 1, kind);
  assert.equal((await api.mgn('ListApplications', {})).items?.length, 1);
  assert.equal((await api.mgn('ListImports', {})).items?.length, 1);
});

test('of many that want one name for different things one gets it', async (t) => {
  const { api } = await startTestControlPlane(t);
  await api.mgn('InitializeService', {});
  const create = (index: number) =>
    api.mgn('CreateApplication', { name: index % 2 === 0 ? 'Name' : 'nAME', description: `${index}` });
  const settled = await Promise.allSettled(Array.from({ length: MANY }, (_, index) => create(index)));
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const one of settled)
    if (one.status === 'rejected') assert.equal(one.reason.name, 'ConflictException');
});

test('changes of one server side by side are all kept, while its reports come in', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent({ inspected: false });
  const arn = (await site.server(sourceServerID)).arn ?? '';
  await Promise.all([
    many((index) => api.mgn('TagResource', { resourceArn: arn, tags: { [`key-${index}`]: `${index}` } })),
    api.mgn('UpdateSourceServer', { sourceServerID, userProvidedID: 'web-1' }),
    api.mgn('UpdateLaunchConfiguration', { sourceServerID, copyTags: true }),
    api.mgn('UpdateLaunchConfiguration', { sourceServerID, copyPrivateIp: true }),
    api.mgn('UpdateReplicationConfiguration', { sourceServerID, bandwidthThrottling: 100 }),
  ]);
  const server = await site.server(sourceServerID);
  assert.equal(Object.keys(server.tags ?? {}).filter((key) => key.startsWith('key-')).length, MANY);
  assert.equal(server.userProvidedID, 'web-1');
  const launch = await api.mgn('GetLaunchConfiguration', { sourceServerID });
  assert.deepEqual([launch.copyTags, launch.copyPrivateIp], [true, true]);
  const replication = await api.mgn('GetReplicationConfiguration', { sourceServerID });
  assert.equal(replication.bandwidthThrottling, 100);
  await many((index) => api.mgn('UntagResource', { resourceArn: arn, tagKeys: [`key-${index}`] }));
  assert.deepEqual((await site.server(sourceServerID)).tags, {});
});

test('a server that two applications want at once joins one of them', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const ids = await addReadyServers(site, 5);
  const applications = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => (await api.mgn('CreateApplication', { name })).applicationID ?? ''),
  );
  for (const id of ids) {
    const settled = await Promise.allSettled(
      applications.map((applicationID) =>
        api.mgn('AssociateSourceServers', { applicationID, sourceServerIDs: [id] }),
      ),
    );
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
  }
  const { items = [] } = await api.mgn('ListApplications', {});
  const counts = items.map(
    ({ applicationAggregatedStatus }) => applicationAggregatedStatus?.totalSourceServers,
  );
  assert.equal(
    counts.reduce((sum = 0, count = 0) => sum + count, 0),
    ids.length,
  );
  const filters = { applicationIDs: [...applications] };
  assert.equal((await api.mgn('DescribeSourceServers', { filters })).items?.length, ids.length);
});
