import assert from 'node:assert/strict';
import test from 'node:test';
import { simulateAgent } from '../testing/simulated-programs.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('templates are made, changed, listed and deleted, and new servers copy the first', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const created = await api.mgn('CreateReplicationConfigurationTemplate', {
    stagingAreaSubnetId: 'subnet-0123abcd',
    associateDefaultSecurityGroup: true,
    replicationServersSecurityGroupsIDs: [],
    replicationServerInstanceType: 't3.small',
    useDedicatedReplicationServer: false,
    defaultLargeStagingDiskType: 'GP3',
    ebsEncryption: 'DEFAULT',
    bandwidthThrottling: 25,
    dataPlaneRouting: 'PRIVATE_IP',
    createPublicIP: false,
    stagingAreaTags: { team: 'a' },
    tags: { x: 'y' },
  });
  const replicationConfigurationTemplateID = created.replicationConfigurationTemplateID;
  assert.match(replicationConfigurationTemplateID, /^rct-[0-9a-z]{17}$/);
  const change = { replicationConfigurationTemplateID, bandwidthThrottling: 50 };
  const changed = await api.mgn('UpdateReplicationConfigurationTemplate', change);
  assert.equal(changed.stagingAreaSubnetId, 'subnet-0123abcd');

  const agent = await addAgent();
  const input = { sourceServerID: agent.sourceServerId };
  const configuration = await api.mgn('GetReplicationConfiguration', input);
  assert.equal(configuration.bandwidthThrottling, 50);
  assert.deepEqual(
    configuration.replicatedDisks?.map(({ deviceName, isBootDisk }) => [deviceName, isBootDisk]),
    [
      ['/dev/vda', true],
      ['/dev/vdb', false],
    ],
  );
  await api.mgn('UpdateReplicationConfiguration', { ...input, bandwidthThrottling: 10 });
  await waitFor(
    'the throttle to reach the agent',
    () => agent.configuration?.bandwidthThrottlingMbps,
    (limit) => limit === 10,
  );
  const launch = await api.mgn('UpdateLaunchConfiguration', { ...input, launchDisposition: 'STOPPED' });
  assert.equal(launch.launchDisposition, 'STOPPED');
  assert.equal(launch.targetInstanceTypeRightSizingMethod, 'BASIC');

  const { items = [] } = await api.mgn('DescribeLaunchConfigurationTemplates', {});
  assert.equal(items.length, 1, 'the default was made when the agent enrolled');
  await api.mgn('DeleteReplicationConfigurationTemplate', { replicationConfigurationTemplateID });
  await assert.rejects(
    api.mgn('DescribeReplicationConfigurationTemplates', {
      replicationConfigurationTemplateIDs: [replicationConfigurationTemplateID],
    }),
    { name: 'ResourceNotFoundException' },
  );
});

test('tags of servers, jobs and templates are set, listed and removed by ARN', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId } = await site.addAgent();
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [sourceServerId], tags: { first: '1' } });
  const { items: templates = [] } = await api.mgn('DescribeLaunchConfigurationTemplates', {});
  const arns = [(await site.server(sourceServerId)).arn, job?.arn, templates[0]?.arn];
  for (const resourceArn of arns) {
    assert.ok(resourceArn !== undefined);
    await api.mgn('TagResource', { resourceArn, tags: { a: '1', b: '2' } });
    await api.mgn('UntagResource', { resourceArn, tagKeys: ['b', 'missing'] });
    const { tags } = await api.mgn('ListTagsForResource', { resourceArn });
    assert.equal(tags?.a, '1');
    assert.equal(tags?.b, undefined);
  }
  const unknown = 'arn:aws:mgn:us-east-1:000000000000:source-server/s-00000000000000000';
  await assert.rejects(api.mgn('ListTagsForResource', { resourceArn: unknown }), {
    name: 'ResourceNotFoundException',
  });
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v']));
  await assert.rejects(api.mgn('TagResource', { resourceArn: arns[0] ?? '', tags: many }), {
    name: 'ValidationException',
  });
});

test('two launches at once: the second is refused in the API’s own words, and changes nothing', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const one = (await site.addAgent()).sourceServerId;
  const two = (await site.addAgent()).sourceServerId;
  site.host.isFrozen = true;
  const outcomes = await Promise.allSettled([
    api.mgn('StartTest', { sourceServerIDs: [one] }),
    api.mgn('StartTest', { sourceServerIDs: [one, two] }),
  ]);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(refused.length, 1);
  assert.equal(
    refused[0]?.reason.message,
    'One or more of the Source Servers included in API call are currently being processed by a Job',
  );
  const { items = [] } = await api.mgn('DescribeJobs', {});
  assert.equal(items.length, 1);
  const state = items[0]?.participatingServers?.length === 2 ? 'TESTING' : 'READY_FOR_TEST';
  assert.equal((await site.server(two)).lifeCycle?.state, state);
  await assert.rejects(api.mgn('DeleteJob', { jobID: items[0]?.jobID ?? '' }), { name: 'ConflictException' });
  site.host.isFrozen = false;
  await site.untilJobEnds(items[0]?.jobID);
  await api.mgn('DeleteJob', { jobID: items[0]?.jobID ?? '' });
  assert.deepEqual((await api.mgn('DescribeJobs', {})).items, []);
});

test('disconnecting, archiving and deleting keep to their order', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const { sourceServerId } = await site.addAgent();
  const input = { sourceServerID: sourceServerId };
  await assert.rejects(api.mgn('MarkAsArchived', input), {
    name: 'ConflictException',
    message: /disconnect it/,
  });
  await assert.rejects(api.mgn('DeleteSourceServer', input), { name: 'ConflictException' });
  await api.mgn('DisconnectFromService', input);
  await assert.rejects(api.mgn('DisconnectFromService', input), { message: /already disconnected/ });
  const cutover = { ...input, lifeCycle: { state: 'CUTOVER' } } as const;
  assert.equal((await api.mgn('ChangeServerLifeCycleState', cutover)).lifeCycle?.state, 'CUTOVER');
  await api.mgn('MarkAsArchived', input);
  await assert.rejects(api.mgn('ChangeServerLifeCycleState', cutover), { message: /it is archived/ });
  const listed = await api.mgn('DescribeSourceServers', { filters: { isArchived: false } });
  assert.deepEqual(listed.items, []);
  await api.mgn('DeleteSourceServer', input);
  await assert.rejects(api.mgn('DeleteSourceServer', input), { name: 'ResourceNotFoundException' });
});

test('servers come in pages, each once', async (t) => {
  const site = await startTestSite(t);
  const ids = await Promise.all([site.addAgent(), site.addAgent(), site.addAgent()]);
  const first = await site.plane.api.mgn('DescribeSourceServers', { maxResults: 2 });
  const second = await site.plane.api.mgn('DescribeSourceServers', {
    maxResults: 2,
    nextToken: first.nextToken,
  });
  const seen = [...(first.items ?? []), ...(second.items ?? [])].map(({ sourceServerID }) => sourceServerID);
  assert.deepEqual(seen.toSorted(), ids.map(({ sourceServerId }) => sourceServerId).toSorted());
  assert.equal(second.nextToken, undefined);
});

test('pausing and resuming reach the agent', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  const input = { sourceServerID: agent.sourceServerId };
  const { api } = site.plane;
  const paused = await api.mgn('PauseReplication', input);
  assert.equal(paused.dataReplicationInfo?.dataReplicationState, 'PAUSED');
  await waitFor(
    'the pause',
    () => agent.configuration?.desired,
    (desired) => desired === 'PAUSE',
  );
  await assert.rejects(api.mgn('PauseReplication', input), { name: 'ConflictException' });
  await api.mgn('ResumeReplication', input);
  await waitFor(
    'the end of the pause',
    () => agent.configuration?.desired,
    (desired) => desired === 'REPLICATE',
  );
  await assert.rejects(api.mgn('RetryDataReplication', input), {
    name: 'ValidationException',
    message: /not stalled/,
  });
});

test('the landfall service lists points, shows the console, and describes its programs', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  agent.replica.epoch = 5;
  const { api } = site.plane;
  const input = { sourceServerID: agent.sourceServerId };
  const points = await api.landfall('ListRecoveryPoints', { ...input, maxResults: 2 });
  assert.equal(points.total, 5);
  assert.deepEqual(
    points.items.map(({ epoch }) => epoch),
    [5, 4],
  );
  const { job } = await api.landfall('StartLaunch', { ...input, purpose: 'TEST' });
  await site.untilJobEnds(job.jobID);
  const { items } = await api.landfall('DescribeLaunchedMachines', {});
  const machineID = items[0]?.machineID ?? '';
  assert.equal(items[0]?.phase, 'RUNNING');
  assert.deepEqual(items[0]?.published, [{ guestPort: 80, host: '127.0.0.1', port: 18080 }]);
  assert.equal((await api.landfall('GetConsoleOutput', { machineID })).text, 'login:');
  assert.ok((await api.landfall('GetConsoleScreenshot', { machineID })).pngBase64.length > 0);
  const specification = site.host.machines.get(machineID)?.specification;
  assert.deepEqual(specification?.publishedPorts, [22, 80, 443]);
  assert.equal(specification?.name, 'web-1');
  const service = await api.landfall('DescribeService', {});
  assert.equal(service.launchHosts[0]?.connected, true);
  assert.equal(service.replicationServers[0]?.port, 1500);
  const unknown = { machineID: 'i-00000000000000000' };
  await assert.rejects(api.landfall('GetConsoleOutput', unknown), { name: 'ResourceNotFoundException' });
});

test('launched machines are listed newest first, by phase, by id and in pages', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  const { api } = site.plane;
  const launch = { sourceServerID: agent.sourceServerId, purpose: 'TEST' } as const;
  for (let round = 0; round < 3; round += 1) {
    const { job } = await api.landfall('StartLaunch', launch);
    await site.untilJobEnds(job.jobID);
  }
  const { items, nextToken } = await api.landfall('DescribeLaunchedMachines', {});
  assert.equal(nextToken, undefined);
  assert.deepEqual(
    items.map(({ phase }) => phase),
    ['RUNNING', 'TERMINATED', 'TERMINATED'],
  );
  const ended = { phases: ['TERMINATED'], maxResults: 1 } as const;
  const first = await api.landfall('DescribeLaunchedMachines', ended);
  const second = await api.landfall('DescribeLaunchedMachines', { ...ended, nextToken: first.nextToken });
  assert.deepEqual([...first.items, ...second.items], items.slice(1));
  assert.equal(second.nextToken, undefined);
  const machineIDs = [items[1]?.machineID ?? ''];
  const { items: named } = await api.landfall('DescribeLaunchedMachines', { machineIDs });
  assert.deepEqual(named, [items[1]]);
  await assert.rejects(api.landfall('DescribeLaunchedMachines', { nextToken: first.nextToken }), {
    name: 'ValidationException',
  });
});

test('the mgn service asks to be initialized first, the landfall service does not', async (t) => {
  const { api } = await startTestControlPlane(t);
  await assert.rejects(api.mgn('DescribeSourceServers', {}), { name: 'UninitializedAccountException' });
  assert.deepEqual((await api.landfall('DescribeService', {})).launchHosts, []);
  await api.mgn('InitializeService', {});
  assert.deepEqual((await api.mgn('DescribeSourceServers', {})).items, []);
});

test('recovery points are named, locked, and listed by that', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  agent.replica.epoch = 5;
  const { api } = site.plane;
  const input = { sourceServerID: agent.sourceServerId };
  const pinned = await api.landfall('PinRecoveryPoint', { ...input, at: 'epoch:3', name: 'before upgrade' });
  assert.equal(pinned.recoveryPoint.name, 'before upgrade');
  const untilDateTime = '2099-01-31T12:00:00.000Z';
  const locked = await api.landfall('LockRecoveryPoint', { ...input, at: 'LATEST', untilDateTime });
  assert.deepEqual(
    [locked.recoveryPoint.epoch, locked.recoveryPoint.lockedUntilDateTime],
    [5, untilDateTime],
  );
  const marked = async () =>
    (await api.landfall('ListRecoveryPoints', { ...input, marked: true })).items.map(({ epoch }) => epoch);
  assert.deepEqual(await marked(), [5, 3]);
  await api.landfall('UnpinRecoveryPoint', { ...input, epoch: 3 });
  assert.deepEqual(await marked(), [5]);
  const never = { ...input, at: 'LATEST', untilDateTime: '2099-02-31T12:00:00Z' };
  await assert.rejects(api.landfall('LockRecoveryPoint', never), { name: 'ValidationException' });
});

test('exports and seeds are given to image tools under ids of their own', async (t) => {
  const site = await startTestSite(t);
  const agent = await site.addAgent();
  agent.replica.epoch = 5;
  const { api } = site.plane;
  const input = { sourceServerID: agent.sourceServerId };
  const opened = await api.landfall('OpenExport', { ...input, exportID: 'mine', at: 'epoch:3' });
  assert.deepEqual(
    [opened.recoveryPoint.epoch, opened.disks.map(({ deviceName }) => deviceName)],
    [3, ['/dev/vda', '/dev/vdb']],
  );
  const id = `image-${agent.sourceServerId}-mine`;
  // A preflight of the first point has one of its own, for a while.
  const mine = () => [...site.replication.exports.keys()].filter((each) => each.includes('mine'));
  assert.deepEqual(mine(), [id], 'never that of a launch');
  await api.landfall('CloseExport', { ...input, exportID: 'mine' });
  assert.deepEqual(mine(), []);

  const renewal = { ...input, seedID: 'one', renews: true };
  await assert.rejects(api.landfall('OpenSeed', renewal), { message: /SEED_ENDED/ });
  const { disks } = await api.landfall('OpenSeed', { ...input, seedID: 'one' });
  assert.match(disks[0]?.nbdURI ?? '', /^nbd\+unix:\/\/\/s-.*%40seed\?socket=/);
  await api.landfall('OpenSeed', renewal);
  await assert.rejects(api.landfall('OpenSeed', { ...input, seedID: 'two' }), {
    name: 'ConflictException',
    message: /SEED_OPEN/,
  });
  await api.landfall('CloseSeed', { ...input, seedID: 'one' });
  await assert.rejects(api.landfall('CloseSeed', { ...input, seedID: 'one' }), { message: /SEED_ENDED/ });
});

test('a server may be launched as soon as the replication server has told of a recovery point', async (t) => {
  const { plane, replication, untilState, untilJobEnds } = await startTestSite(t);
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const agent = await simulateAgent(t, token);
  const { sourceServerId, replica } = agent;
  replica.epoch = 1;
  replication.replicas.set(sourceServerId, replica);
  const told = () => plane.api.landfall('DescribeReplication', { sourceServerID: sourceServerId });
  await waitFor('the recovery point', told, ({ recoveryPoints }) => recoveryPoints > 0);
  const { job } = await plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  await untilState(sourceServerId, 'TESTING');
  assert.equal((await untilJobEnds(job?.jobID)).participatingServers?.[0]?.launchStatus, 'LAUNCHED');
});

test('a disk is excluded and included by its id; the boot disk and unknown ones are refused', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const agent = await addAgent();
  const input = { sourceServerID: agent.sourceServerId };
  const set = (diskID: string, replicate: boolean) =>
    plane.api.landfall('SetDiskReplication', { ...input, diskID, replicate });
  await assert.rejects(set('disk-0', false), { name: 'ValidationException', message: /boot disk/ });
  await assert.rejects(set('disk-9', false), {
    name: 'ValidationException',
    message: /disk-1 \(\/dev\/vdb\)/,
  });
  assert.deepEqual(await set('disk-1', false), { excludedDiskIDs: ['disk-1'] });
  await waitFor(
    'the agent to hear of it',
    () => agent.configuration?.excludedDiskIds,
    (excluded) => excluded?.join() === 'disk-1',
  );
  const { excludedDiskIDs } = await plane.api.landfall('DescribeReplication', input);
  assert.deepEqual(excludedDiskIDs, ['disk-1']);
  assert.deepEqual(await set('disk-1', true), { excludedDiskIDs: [] });
});
