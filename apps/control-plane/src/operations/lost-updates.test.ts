/** Creates that are asked for again, changes that are made side by side: nothing doubled, nothing lost. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { Landfall } from '@landfall/api';
import { addReadyServers } from '../testing/many-servers.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { policyDocument } from '../testing/test-users.ts';

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

interface Saved {
  readonly revision: string;
}

/** Something that is read, edited and saved, with values to save. */
interface Editable {
  read(): Promise<Saved>;
  save(value: number, expectedRevision?: string): Promise<Saved>;
}

async function editables(site: TestSite): Promise<Readonly<Record<string, Editable>>> {
  const { api } = site.plane;
  const { sourceServerId: sourceServerID } = await site.addAgent({ inspected: false });
  const policyName = 'edited';
  const documentOf = (value: number) =>
    policyDocument([{ Sid: `v${value}`, Effect: 'Allow', Action: 'mgn:*', Resource: '*' }]);
  const policyOf = ({ revision = '' }: Landfall.IdentityPolicy) => ({ revision });
  const tiersOf = (value: number) => [{ everyMs: 0, forMs: (value + 1) * 3_600_000 }];
  const retentionOf = (id: string | undefined): Editable => ({
    read: () => api.landfall('GetRetention', { sourceServerID: id }),
    save: (value, expectedRevision) =>
      api.landfall('PutRetention', { sourceServerID: id, tiers: tiersOf(value), expectedRevision }),
  });
  await api.landfall('PutPolicy', { policyName, document: documentOf(900), expectedRevision: 'none' });
  return {
    policy: {
      read: async () => policyOf((await api.landfall('GetPolicy', { policyName })).policy),
      save: async (value, expectedRevision) => {
        const document = documentOf(value);
        return policyOf((await api.landfall('PutPolicy', { policyName, document, expectedRevision })).policy);
      },
    },
    'retention of all': retentionOf(undefined),
    'retention of a server': retentionOf(sourceServerID),
    limits: {
      read: async () => (await api.landfall('DescribeReplication', { sourceServerID })).limits,
      save: async (bandwidthMbps, expectedRevision) =>
        (
          await api.landfall('UpdateReplicationLimits', {
            ...{ sourceServerID, bandwidthMbps: bandwidthMbps + 1, expectedRevision },
          })
        ).limits,
    },
  };
}

test('of many who save over what they read, one does, and the others are told', async (t) => {
  const site = await startTestSite(t);
  for (const [kind, { read, save }] of Object.entries(await editables(site))) {
    const { revision } = await read();
    const settled = await Promise.allSettled(
      Array.from({ length: MANY }, (_, value) => save(value, revision)),
    );
    const won = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.equal(won.length, 1, kind);
    for (const one of settled) {
      if (one.status === 'rejected') assert.equal(one.reason.name, 'ConflictException', kind);
    }
    assert.equal((await read()).revision, won[0]?.revision, `${kind}: what is read is what was saved`);
  }
});

test('a save over a newer change is refused, until that was read; without a revision it replaces', async (t) => {
  const site = await startTestSite(t);
  for (const [kind, { read, save }] of Object.entries(await editables(site))) {
    const { revision: mine } = await read();
    const { revision: theirs } = await save(1, mine);
    assert.notEqual(theirs, mine, kind);
    await assert.rejects(save(2, mine), { name: 'ConflictException', message: new RegExp(theirs) }, kind);
    assert.equal((await read()).revision, theirs, `${kind}: what was refused changed nothing`);
    assert.equal((await save(1, mine)).revision, theirs, `${kind}: saved twice, its answer lost, is saved`);
    const { revision: next } = await save(2, theirs);
    await save(3);
    assert.notEqual((await read()).revision, next, kind);
  }
});

test('a policy is made, or deleted, only as it was last seen', async (t) => {
  const { api } = await startTestControlPlane(t);
  const policyName = 'made-once';
  const document = (action: string) => policyDocument([{ Effect: 'Allow', Action: action, Resource: '*' }]);
  const put = (action: string, expectedRevision?: string) =>
    api.landfall('PutPolicy', { policyName, document: document(action), expectedRevision });
  const { policy } = await put('mgn:*', 'none');
  await assert.rejects(put('ec2:*', 'none'), { name: 'ConflictException', message: /is there already/ });
  await put('landfall:*');
  const expectedRevision = policy.revision;
  await assert.rejects(api.landfall('DeletePolicy', { policyName, expectedRevision }), {
    name: 'ConflictException',
  });
  const { policy: seen } = await api.landfall('GetPolicy', { policyName });
  await api.landfall('DeletePolicy', { policyName, expectedRevision: seen.revision });
  const { policy: managed } = await api.landfall('GetPolicy', { policyName: 'AdministratorAccess' });
  assert.equal(managed.revision, undefined, 'one that comes with Landfall is not saved');
});
