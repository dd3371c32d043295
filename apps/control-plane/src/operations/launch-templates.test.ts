import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { GIB } from '@landfall/runtime';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

async function launched(site: TestSite, sourceServerId: string) {
  const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  const ended = await site.untilJobEnds(job?.jobID);
  const { items = [] } = await site.plane.api.mgn('DescribeJobLogItems', { jobID: ended.jobID });
  const { items: machines } = await site.plane.api.landfall('DescribeLaunchedMachines', {});
  const [machine] = machines;
  const specification = site.host.machines.get(machine?.machineID ?? '')?.specification;
  return { ended, machine, specification, log: items };
}

test('a launch follows the default version of the launch template, all of it', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent()).sourceServerId;
  const { arn: resourceArn = '' } = await site.server(sourceServerID);
  await api.mgn('TagResource', { resourceArn, tags: { Name: 'web', owner: 'a' } });
  const configuration = await api.mgn('UpdateLaunchConfiguration', {
    sourceServerID,
    targetInstanceTypeRightSizingMethod: 'NONE',
    copyTags: true,
    bootMode: 'UEFI',
    licensing: { osByol: false },
    enableMapAutoTagging: true,
    mapAutoTaggingMpeID: 'mpe1',
  });
  assert.match(configuration.ec2LaunchTemplateID ?? '', /^lt-[0-9a-f]{17}$/);
  assert.deepEqual(configuration.licensing, { osByol: false });
  assert.equal((await api.mgn('GetLaunchConfiguration', { sourceServerID })).mapAutoTaggingMpeID, 'mpe1');
  const { launchTemplateVersion } = await api.landfall('CreateLaunchTemplateVersion', {
    sourceServerID,
    sourceVersion: '$Default',
    versionDescription: 'by hand',
    launchTemplateData: {
      instanceType: 'c5.large',
      networkName: 'lab',
      inboundPorts: [8080],
      inboundTraffic: 'ALL',
      addresses: [{ address: '192.0.2.9/24', gateway: '192.0.2.1' }],
      disks: [{ deviceName: '/dev/vdb', iops: 500, throughput: 200, deleteOnTermination: false }],
      tags: { owner: 'b' },
    },
  });
  assert.equal(launchTemplateVersion.launchTemplateID, configuration.ec2LaunchTemplateID);
  assert.equal(launchTemplateVersion.isDefault, false);
  const version = String(launchTemplateVersion.versionNumber);
  await api.landfall('SetDefaultLaunchTemplateVersion', { sourceServerID, version });
  const { specification, machine } = await launched(site, sourceServerID);
  assert.deepEqual([specification?.cpuCount, specification?.memoryBytes], [2, 4 * GIB]);
  assert.equal(specification?.bootMode, 'UEFI');
  assert.deepEqual([specification?.publishedPorts, specification?.inboundTraffic], [[8080], 'ALL']);
  assert.deepEqual(specification?.network, {
    networkName: 'lab',
    addresses: [{ address: '192.0.2.9/24', gateway: '192.0.2.1' }],
  });
  const data = specification?.disks.find(({ deviceName }) => deviceName === '/dev/vdb');
  assert.deepEqual(data?.limits, { operationsPerSecond: 500, bytesPerSecond: 200 * 2 ** 20 });
  assert.equal(data?.keepOnTermination, true);
  assert.deepEqual(machine?.tags, { Name: 'web', owner: 'b' });
  assert.equal(machine?.instanceType, 'c5.large');
});

test('copyPrivateIp and right-sizing make new default versions; the machine keeps the addresses', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent()).sourceServerId;
  const versions = async () =>
    (await api.landfall('DescribeLaunchTemplateVersions', { sourceServerID })).items;
  assert.equal((await versions()).length, 1);
  await api.mgn('UpdateLaunchConfiguration', { sourceServerID, copyPrivateIp: true });
  const [second] = await versions();
  assert.deepEqual([second?.versionNumber, second?.isDefault], [2, true]);
  const addresses = [{ address: '10.0.2.15/24', gateway: '10.0.2.2', nameServers: ['10.0.2.3'] }];
  assert.deepEqual(second?.launchTemplateData.addresses, addresses);
  assert.deepEqual((await launched(site, sourceServerID)).specification?.network, { addresses });
  await api.mgn('UpdateLaunchConfiguration', { sourceServerID, copyPrivateIp: false });
  await api.mgn('UpdateLaunchConfiguration', { sourceServerID, bootMode: 'LEGACY_BIOS' });
  assert.deepEqual(
    (await versions()).map(({ versionNumber, isDefault }) => [versionNumber, isDefault]),
    [
      [3, true],
      [2, false],
      [1, false],
    ],
  );
  assert.equal((await versions())[0]?.launchTemplateData.addresses, undefined);
});

test('versions come in pages, newest first; the default cannot be deleted, no number is given twice', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent()).sourceServerId;
  for (const instanceType of ['t3.small', 'm5.large', 'm5.xlarge']) {
    await api.landfall('CreateLaunchTemplateVersion', {
      sourceServerID,
      launchTemplateData: { instanceType },
    });
  }
  const first = await api.landfall('DescribeLaunchTemplateVersions', { sourceServerID, maxResults: 3 });
  const { nextToken } = first;
  const rest = await api.landfall('DescribeLaunchTemplateVersions', { sourceServerID, nextToken });
  const numbers = [...first.items, ...rest.items].map(({ versionNumber }) => versionNumber);
  assert.deepEqual(numbers, [4, 3, 2, 1]);
  await assert.rejects(api.landfall('DeleteLaunchTemplateVersion', { sourceServerID, version: '1' }), {
    name: 'ConflictException',
    message: /version 1 is the default/,
  });
  await api.landfall('DeleteLaunchTemplateVersion', { sourceServerID, version: '$Latest' });
  const latest = await api.landfall('DescribeLaunchTemplateVersions', {
    sourceServerID,
    versions: ['$Latest'],
  });
  assert.deepEqual(
    latest.items.map(({ versionNumber }) => versionNumber),
    [3],
  );
  const launchTemplateData = {};
  const added = await api.landfall('CreateLaunchTemplateVersion', { sourceServerID, launchTemplateData });
  assert.equal(added.launchTemplateVersion.versionNumber, 5);
  await assert.rejects(api.landfall('SetDefaultLaunchTemplateVersion', { sourceServerID, version: '4' }), {
    name: 'ResourceNotFoundException',
  });
});

for (const [what, launchTemplateData, message] of [
  ['a size nobody knows', { instanceType: 'x9.huge' }, /x9.huge is no size/],
  ['a port twice', { inboundPorts: [80, 80] }, /names a port twice/],
  ['an address without a sense', { addresses: [{ address: '999.1.1.1/24' }] }, /no address with a prefix/],
  ['a prefix too long', { addresses: [{ address: '192.0.2.1/33' }] }, /no address with a prefix/],
  [
    'a gateway that is none',
    { addresses: [{ address: '192.0.2.1/24', gateway: '1.2' }] },
    /1.2 is no address/,
  ],
  ['a disk twice', { disks: [{ deviceName: '/dev/vda' }, { deviceName: '/dev/vda' }] }, /names a disk twice/],
] as const) {
  test(`a version with ${what} is refused`, async (t) => {
    const site = await startTestSite(t);
    const sourceServerID = (await site.addAgent({ inspected: false })).sourceServerId;
    const input = { sourceServerID, launchTemplateData };
    await assert.rejects(site.plane.api.landfall('CreateLaunchTemplateVersion', input), {
      name: 'ValidationException',
      message,
    });
  });
}

test('a host with little memory gives a smaller machine and says so; with none the launch fails', async (t) => {
  const site = await startTestSite(t);
  const sourceServerID = (await site.addAgent()).sourceServerId;
  const host = async (freeMemoryBytes: number) => {
    site.host.freeMemoryBytes = freeMemoryBytes;
    await waitFor(
      'the report',
      async () => (await site.plane.api.landfall('DescribeService', {})).launchHosts[0]?.freeMemoryBytes,
      (free) => free === freeMemoryBytes,
    );
  };
  await host(1.5 * GIB);
  const small = await launched(site, sourceServerID);
  assert.equal(small.machine?.instanceType, 't3.micro');
  const start = small.log.find(({ event }) => event === 'LAUNCH_START');
  assert.match(start?.eventData?.rawError ?? '', /t3.small does not fit, 1.50 GiB .*: launched as t3.micro/);
  await host(0.25 * GIB);
  const failed = await launched(site, sourceServerID);
  assert.equal(failed.ended.participatingServers?.[0]?.launchStatus, 'FAILED');
  assert.ok(failed.log.some(({ eventData }) => /MACHINE_SIZE_IMPOSSIBLE/.test(eventData?.rawError ?? '')));
});

test("an operator's sizes count after a restart; a file that is wrong keeps the service from starting", async (t) => {
  const site = await startTestSite(t);
  const { plane } = site;
  const path = join(plane.stateDir, 'machine-sizes.json');
  await writeFile(
    path,
    JSON.stringify({ replace: true, sizes: [{ name: 'our', cpuCount: 2, memoryMiB: 2048 }] }),
  );
  await plane.restart();
  const { items } = await plane.api.landfall('ListMachineSizes', {});
  assert.deepEqual(items, [{ name: 'our', cpuCount: 2, memoryBytes: 2 * GIB }]);
  const sourceServerID = (await site.addAgent()).sourceServerId;
  assert.equal((await launched(site, sourceServerID)).machine?.instanceType, 'our');
  await writeFile(path, '{"sizes": 7}');
  await assert.rejects(plane.restart(), { code: 'MACHINE_SIZES_INVALID', message: /sizes is no list/ });
  await writeFile(path, '{"sizes": []}');
  await plane.restart();
});
