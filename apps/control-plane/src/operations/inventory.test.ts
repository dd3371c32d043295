import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { groupIdOfPort } from '../ec2/stable-ids.ts';
import { parseCsv } from '../inventory/csv.ts';
import { enrolProgram, newIdentity } from '../testing/simulated-programs.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from '../testing/source-fixtures.ts';
import { startTestControlPlane, type TestControlPlane } from '../testing/test-control-plane.ts';
import { waitFor } from '../testing/wait-for.ts';

async function startEmpty(t: test.TestContext) {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  return plane;
}

async function putObject({ stateDir }: TestControlPlane, key: string, text: string) {
  await mkdir(join(stateDir, 'buckets', 'b'), { recursive: true });
  await writeFile(join(stateDir, 'buckets', 'b', key), text);
  return { s3Bucket: 'b', s3Key: key };
}

async function untilImported({ api }: TestControlPlane, importID = '') {
  const ask = async () => (await api.mgn('ListImports', { filters: { importIDs: [importID] } })).items?.[0];
  return waitFor('the end of the import', ask, (task) => task?.endDateTime !== undefined);
}

async function importText(plane: TestControlPlane, text: string) {
  const s3BucketSource = await putObject(plane, 'in.csv', text);
  const { importTask } = await plane.api.mgn('StartImport', { s3BucketSource });
  const ended = await untilImported(plane, importTask?.importID);
  const errors = await plane.api.mgn('ListImportErrors', { importID: importTask?.importID ?? '' });
  return { ended, errors: errors.items ?? [] };
}

async function exportText(plane: TestControlPlane, s3Key: string) {
  const { exportTask } = await plane.api.mgn('StartExport', { s3Bucket: 'out', s3Key });
  const exportIDs = [exportTask?.exportID ?? ''];
  const ask = async () => (await plane.api.mgn('ListExports', { filters: { exportIDs } })).items?.[0];
  const ended = await waitFor('the end of the export', ask, (task) => task?.endDateTime !== undefined);
  return { ended, text: await readFile(join(plane.stateDir, 'buckets', 'out', s3Key), 'utf8') };
}

const HEADER =
  'mgn:wave:name,mgn:app:name,mgn:app:description,mgn:server:user-provided-id,mgn:server:platform,' +
  'mgn:server:fqdn-for-action-framework,mgn:server:tag:Env,mgn:launch:instance-type,mgn:launch:transfer-server-tags\n';
const INVENTORY = `${HEADER}first,Shop,web shop,web-1,Linux,web-1.example.org,prod,m5.large,true\nfirst,Shop,,web-2,linux,10.0.0.2,,,\nsecond,,,,,,,,\n`;

test('an inventory makes waves, applications and servers, and imported once more changes nothing', async (t) => {
  const plane = await startEmpty(t);
  const { api } = plane;
  const { ended, errors } = await importText(plane, INVENTORY);
  assert.deepEqual([ended?.status, ended?.progressPercentage, errors], ['SUCCEEDED', 100, []]);
  assert.deepEqual(ended?.summary, {
    waves: { createdCount: 2, modifiedCount: 0 },
    applications: { createdCount: 1, modifiedCount: 0 },
    servers: { createdCount: 2, modifiedCount: 0 },
  });
  const { items: servers = [] } = await api.mgn('DescribeSourceServers', {});
  const web = servers.find(({ userProvidedID }) => userProvidedID === 'web-1');
  assert.deepEqual([web?.lifeCycle?.state, web?.tags], ['PENDING_INSTALLATION', { Env: 'prod' }]);
  assert.equal(web?.fqdnForActionFramework, 'web-1.example.org');
  const [application] = (await api.mgn('ListApplications', {})).items ?? [];
  assert.deepEqual([application?.applicationID, application?.description], [web?.applicationID, 'web shop']);
  assert.equal(application?.applicationAggregatedStatus?.progressStatus, 'NOT_STARTED');
  const { items: waves = [] } = await api.mgn('ListWaves', {});
  assert.equal(waves.find(({ name }) => name === 'first')?.waveID, application?.waveID);
  const launch = await api.mgn('GetLaunchConfiguration', { sourceServerID: web?.sourceServerID ?? '' });
  assert.equal(launch.copyTags, true);

  const again = await importText(plane, INVENTORY);
  const none = { createdCount: 0, modifiedCount: 0 };
  assert.deepEqual(again.ended?.summary, { waves: none, applications: none, servers: none });
  const changed = await importText(plane, INVENTORY.replace('web shop', 'the shop').replace('prod', 'test'));
  assert.deepEqual(changed.ended?.summary?.applications, { createdCount: 0, modifiedCount: 1 });
  assert.deepEqual(changed.ended?.summary?.servers, { createdCount: 0, modifiedCount: 1 });
});

test('I2: a file with something wrong changes nothing and lists all of it', async (t) => {
  const plane = await startEmpty(t);
  const { ended, errors } = await importText(
    plane,
    `${HEADER}first,,,,,,,,\n,,orphan,,,,,,\n,,,web-1,plan9,,,,\n`,
  );
  assert.equal(ended?.status, 'FAILED');
  assert.deepEqual(
    errors.map(({ errorType, errorData }) => [errorType, errorData?.rowNumber]),
    [
      ['VALIDATION_ERROR', 3],
      ['VALIDATION_ERROR', 4],
    ],
  );
  assert.deepEqual((await plane.api.mgn('ListWaves', {})).items, []);
});

test('I3: what cannot be applied is listed and passed over', async (t) => {
  const plane = await startEmpty(t);
  const sourceServerID = 's-00000000000000000';
  const text = `mgn:server:id,mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework\n${sourceServerID},,\n,nameless,\n,web-1,web-1.example.org\n`;
  const { ended, errors } = await importText(plane, text);
  assert.deepEqual([ended?.status, ended?.summary?.servers?.createdCount], ['FAILED', 1]);
  assert.deepEqual(
    errors.map(({ errorType, errorData }) => [errorType, errorData?.rowNumber, errorData?.sourceServerID]),
    [
      ['PROCESSING_ERROR', 2, sourceServerID],
      ['PROCESSING_ERROR', 3, undefined],
    ],
  );
});

test('what was exported is imported unchanged; archived things are left out, lonely groups are not', async (t) => {
  const plane = await startEmpty(t);
  const { api } = plane;
  await importText(plane, INVENTORY);
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'over' });
  await api.mgn('ArchiveApplication', { applicationID });
  await api.mgn('CreateApplication', { name: 'lonely, "quoted"', tags: { a: 'x\ny' } });
  const { ended, text } = await exportText(plane, 'a/inventory.csv');
  assert.deepEqual([ended?.status, ended?.progressPercentage], ['SUCCEEDED', 100]);
  assert.deepEqual(ended?.summary, { serversCount: 2, applicationsCount: 2, wavesCount: 2 });
  const parsed = parseCsv(text);
  assert.ok(parsed.ok);
  assert.equal(parsed.rows.length, 1 + 2 + 1 + 1, 'header, servers, the lonely application, the empty wave');
  assert.ok(!text.includes('over'));
  assert.ok(text.includes('mgn:launch:instance-type') && text.includes('m5.large'));
  const again = await importText(plane, text);
  const none = { createdCount: 0, modifiedCount: 0 };
  assert.deepEqual([again.ended?.status, again.errors], ['SUCCEEDED', []]);
  assert.deepEqual(again.ended?.summary, { waves: none, applications: none, servers: none });
});

const LAUNCH_HEADER =
  'mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework,mgn:launch:instance-type,' +
  'mgn:launch:nic:0:security-group-id:0,mgn:launch:nic:0:private-ip:0,mgn:launch:tag:instance:Env,' +
  'mgn:launch:placement:tenancy,mgn:launch:volume:/dev/vda:type\n';

const KEPT = 'mgn:launch:placement:tenancy, mgn:launch:volume:/dev/vda:type';

async function defaultVersionOf({ api }: TestControlPlane, userProvidedID: string) {
  const { items = [] } = await api.mgn('DescribeSourceServers', {});
  const sourceServerID = items.find((one) => one.userProvidedID === userProvidedID)?.sourceServerID ?? '';
  const { items: versions = [] } = await api.landfall('DescribeLaunchTemplateVersions', {
    ...{ sourceServerID, versions: ['$Default'] },
  });
  const configuration = await api.mgn('GetLaunchConfiguration', { sourceServerID });
  return { sourceServerID, data: versions[0]?.launchTemplateData, configuration };
}

test('launch columns of a file become the launch template, before and after the agent is there', async (t) => {
  const plane = await startEmpty(t);
  const port = groupIdOfPort(8443);
  const row = `web-1,web-1.example.org,m5.large,${port},10.9.8.7/24,prod,dedicated,io1\n`;
  const { ended, errors } = await importText(plane, LAUNCH_HEADER + row);
  assert.equal(ended?.status, 'SUCCEEDED');
  assert.deepEqual(
    errors.map(({ errorType, errorData }) => [errorType, errorData?.rowNumber, errorData?.rawError]),
    [[undefined, 2, `warning: kept, without effect on a launch: ${KEPT}`]],
  );
  const told = {
    instanceType: 'm5.large',
    inboundPorts: [8443],
    inboundTraffic: 'LISTED_PORTS',
    addresses: [{ address: '10.9.8.7/24' }],
    tags: { Env: 'prod' },
    disks: [{ deviceName: '/dev/vda', volumeType: 'io1' }],
  };
  const pending = await defaultVersionOf(plane, 'web-1');
  assert.deepEqual(pending.data, told);
  assert.equal(pending.configuration.targetInstanceTypeRightSizingMethod, 'NONE');

  const { items: templates = [] } = await plane.api.mgn('DescribeLaunchConfigurationTemplates', {});
  await plane.api.mgn('UpdateLaunchConfigurationTemplate', {
    launchConfigurationTemplateID: templates[0]?.launchConfigurationTemplateID ?? '',
    largeVolumeConf: { volumeType: 'gp3', throughput: 250 },
  });
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const described = { sourceProperties: SOURCE_PROPERTIES, disks: SOURCE_DISKS, userProvidedId: 'web-1' };
  const { programId } = await enrolProgram('agent', token, newIdentity(), described);
  assert.equal(programId, pending.sourceServerID);
  const seen = await defaultVersionOf(plane, 'web-1');
  const added = { deviceName: '/dev/vdb', volumeType: 'gp3', throughput: 250 };
  assert.deepEqual(seen.data, { ...told, disks: [...told.disks, added] });

  const exported = await exportText(plane, 'launch.csv');
  const again = await importText(plane, exported.text);
  assert.deepEqual(again.ended?.summary?.servers, { createdCount: 0, modifiedCount: 0 });
  assert.deepEqual(await defaultVersionOf(plane, 'web-1'), seen);
  const wrong = await importText(plane, LAUNCH_HEADER + row.replace('m5.large', 'm5.none'));
  assert.deepEqual(
    [wrong.ended?.status, wrong.errors[0]?.errorType, wrong.errors[0]?.errorData?.rowNumber],
    ['FAILED', 'PROCESSING_ERROR', 2],
  );
  assert.match(wrong.errors[0]?.errorData?.rawError ?? '', /mgn:launch:instance-type is m5\.none/);
  assert.deepEqual(await defaultVersionOf(plane, 'web-1'), seen, 'nothing of a row is half applied');
});

test('a server that nobody has seen gets its size from its agent, whatever the sizing method', async (t) => {
  const plane = await startEmpty(t);
  const header =
    'mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework,mgn:launch:tag:instance:Env\n';
  await importText(plane, `${header}web-1,web-1.example.org,prod\nweb-2,web-2.example.org,prod\n`);
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  for (const userProvidedId of ['web-1', 'web-2']) {
    const pending = await defaultVersionOf(plane, userProvidedId);
    assert.deepEqual(pending.data, { inboundPorts: [22, 80, 443], tags: { Env: 'prod' } });
    if (userProvidedId === 'web-2') {
      const { sourceServerID } = pending;
      await plane.api.mgn('UpdateLaunchConfiguration', {
        ...{ sourceServerID, targetInstanceTypeRightSizingMethod: 'NONE' },
      });
    }
    const described = { sourceProperties: SOURCE_PROPERTIES, disks: SOURCE_DISKS, userProvidedId };
    await enrolProgram('agent', token, newIdentity(), described);
    const { data } = await defaultVersionOf(plane, userProvidedId);
    assert.deepEqual(data, { inboundPorts: [22, 80, 443], tags: { Env: 'prod' }, instanceType: 't3.small' });
  }
});

test('a big inventory goes in and comes out in pages, each server once', async (t) => {
  const plane = await startEmpty(t);
  const count = 210;
  const lines = Array.from(
    { length: count },
    (_, index) => `id-${index},host-${index}.example.org,app ${index < 200 ? 0 : 1}\n`,
  );
  const header = 'mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework,mgn:app:name\n';
  const { ended, errors } = await importText(plane, header + lines.join(''));
  assert.deepEqual([ended?.status, errors], ['SUCCEEDED', []]);
  const exported = await exportText(plane, 'big.csv');
  assert.equal(exported.ended?.summary?.serversCount, count);
  const parsed = parseCsv(exported.text);
  assert.ok(parsed.ok);
  assert.equal(new Set(parsed.rows.map(({ cells }) => cells.join())).size, 1 + count);
  const more = Array.from({ length: 2 }, (_, index) => `more-${index},host.example.org,app 0\n`).join('');
  const overfull = await importText(plane, header + more);
  assert.equal(overfull.ended?.summary?.servers?.createdCount, 0);
  assert.match(overfull.errors[0]?.errorData?.rawError ?? '', /at most 200/);
  assert.deepEqual([overfull.ended?.status, overfull.errors.length], ['FAILED', 2]);
});

test('imports ask for what exists, once for a token, and never outside the buckets', async (t) => {
  const plane = await startEmpty(t);
  const { api } = plane;
  const s3BucketSource = await putObject(plane, 'in.csv', INVENTORY);
  const start = (source: Partial<typeof s3BucketSource> & { s3BucketOwner?: string }, clientToken?: string) =>
    api.mgn('StartImport', { clientToken, s3BucketSource: { ...s3BucketSource, ...source } });
  await assert.rejects(start({ s3Key: 'missing.csv' }), { name: 'ResourceNotFoundException' });
  for (const s3Key of ['../admin-credentials.csv', '/etc/x.csv', 'a//b.csv', './in.csv', 'a/../in.csv']) {
    await assert.rejects(start({ s3Key }), { name: 'ValidationException' });
    await assert.rejects(api.mgn('StartExport', { s3Bucket: 'b', s3Key }), { name: 'ValidationException' });
  }
  await assert.rejects(start({ s3Bucket: '..', s3Key: 'in.csv' }), { name: 'ValidationException' });
  await assert.rejects(start({ s3BucketOwner: '123456789012' }), { name: 'ValidationException' });
  const first = await start({}, 'once');
  const second = await start({}, 'once');
  assert.equal(first.importTask?.importID, second.importTask?.importID);
  await putObject(plane, 'other.csv', INVENTORY);
  await assert.rejects(start({ s3Key: 'other.csv' }, 'once'), { name: 'ConflictException' });
  await untilImported(plane, first.importTask?.importID);
  const resourceArn = first.importTask?.arn ?? '';
  await api.mgn('TagResource', { resourceArn, tags: { why: 'test' } });
  const [listed] = (await api.mgn('ListImports', {})).items ?? [];
  assert.deepEqual(listed?.tags, { why: 'test' });
  assert.deepEqual(await api.mgn('ListImportErrors', { importID: 'import-00000000000000000' }), {
    items: [],
  });
});

test('an export to where no file can be fails with a reason that tells nothing of this machine', async (t) => {
  const plane = await startEmpty(t);
  const { api } = plane;
  await putObject(plane, 'file.csv', 'x');
  const { exportTask } = await api.mgn('StartExport', { s3Bucket: 'b', s3Key: 'file.csv/below.csv' });
  const ask = async () => (await api.mgn('ListExports', {})).items?.[0];
  const ended = await waitFor('the end', ask, (task) => task?.endDateTime !== undefined);
  assert.equal(ended?.status, 'FAILED');
  const { items = [] } = await api.mgn('ListExportErrors', { exportID: exportTask?.exportID ?? '' });
  assert.equal(items.length, 1);
  assert.ok(!JSON.stringify(items).includes(plane.stateDir));
});

test('I4, I5: an import that a restart cut off goes on, and makes nothing twice', async (t) => {
  const plane = await startEmpty(t);
  const lines = Array.from({ length: 60 }, (_, index) => `id-${index},host-${index}.example.org\n`);
  const header = 'mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework\n';
  const s3BucketSource = await putObject(plane, 'in.csv', header + lines.join(''));
  const { importTask } = await plane.api.mgn('StartImport', { s3BucketSource });
  await plane.restart();
  const ended = await untilImported(plane, importTask?.importID);
  assert.deepEqual(
    [ended?.status, ended?.summary?.servers],
    ['SUCCEEDED', { createdCount: 60, modifiedCount: 0 }],
  );
  assert.equal((await plane.api.mgn('DescribeSourceServers', {})).items?.length, 60);
});
