import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type CallEc2, ec2CallsOf } from '../testing/ec2-calls.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';
import { subnetId } from './stable-ids.ts';

interface Launched {
  readonly site: TestSite;
  readonly call: CallEc2;
  readonly sourceServerId: string;
  readonly InstanceId: string;
}

async function launch(t: TestContext): Promise<Launched> {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent();
  const call = await ec2CallsOf(t, site.plane);
  const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  const done = await site.untilJobEnds(job?.jobID);
  const InstanceId = done.participatingServers?.[0]?.launchedEc2InstanceID ?? '';
  assert.match(InstanceId, /^i-[0-9a-f]{17}$/);
  return { site, call, sourceServerId, InstanceId };
}

async function untilState({ call, InstanceId }: Launched, state: string): Promise<void> {
  const ask = async () =>
    (await call('DescribeInstances', { 'InstanceId.1': InstanceId })).text.match(
      /<instanceState>.*?<name>([\w-]+)</,
    )?.[1];
  await waitFor(`state ${state}`, ask, (seen) => seen === state);
}

test('a launched machine is an instance, with network, groups, tags and disks', async (t) => {
  const launched = await launch(t);
  const { call, sourceServerId, InstanceId } = launched;
  const template = (await call('DescribeLaunchTemplates')).first('launchTemplateId') ?? '';
  const answer = await call('DescribeInstances');
  assert.equal(answer.first('instanceId'), InstanceId);
  assert.match(answer.text, /<instanceState><code>16<\/code><name>running<\/name><\/instanceState>/);
  assert.equal(answer.first('instanceType'), 't3.small');
  assert.equal(answer.first('subnetId'), subnetId('isolated'));
  assert.deepEqual([...new Set(answer.all('groupName'))], ['tcp-22', 'tcp-80', 'tcp-443']);
  for (const [key, value] of [
    ['Name', 'web-1'],
    ['AWSApplicationMigrationServiceSourceServerID', sourceServerId],
    ['aws:ec2launchtemplate:id', template],
    ['aws:ec2launchtemplate:version', '1'],
    ['landfall:port:80', '127.0.0.1:18080'],
  ] as const) {
    assert.ok(answer.text.includes(`<item><key>${key}</key><value>${value}</value></item>`), key);
  }
  assert.deepEqual(answer.all('deviceName'), ['/dev/vda', '/dev/vdb']);
  const volumes = await call('DescribeVolumes', {
    ...{ 'Filter.1.Name': 'attachment.instance-id', 'Filter.1.Value.1': InstanceId },
  });
  assert.deepEqual([...new Set(volumes.all('volumeId'))].sort(), [...answer.all('volumeId')].sort());
  assert.deepEqual([...volumes.all('size')].sort(), ['1', '4']);
  const snapshots = await call('DescribeSnapshots', { 'SnapshotId.1': volumes.first('snapshotId') ?? '' });
  assert.equal(snapshots.first('status'), 'completed', snapshots.text);
  const data = await call('GetLaunchTemplateData', { InstanceId });
  assert.equal(data.first('instanceType'), 't3.small');
});

test('filters and pages find instances as users of EC2 expect', async (t) => {
  const { site, call, sourceServerId, InstanceId } = await launch(t);
  const second = await site.addAgent();
  const { job } = await site.plane.api.mgn('StartTest', { sourceServerIDs: [second.sourceServerId] });
  await site.untilJobEnds(job?.jobID);
  const find = async (name: string, value: string) => {
    const filter = { 'Filter.1.Name': name, 'Filter.1.Value.1': value };
    return (await call('DescribeInstances', filter)).all('instanceId');
  };
  assert.deepEqual(await find('tag:AWSApplicationMigrationServiceSourceServerID', sourceServerId), [
    InstanceId,
  ]);
  assert.equal((await find('instance-state-name', 'run*')).length, 2);
  assert.equal((await find('instance-state-name', 'stopped')).length, 0);
  assert.equal((await find('instance.group-name', 'tcp-22')).length, 2);
  const [one] = (await call('DescribeInstances', { MaxResults: 1 })).all('nextToken');
  const pages = [
    await call('DescribeInstances', { MaxResults: 1 }),
    await call('DescribeInstances', { MaxResults: 1, NextToken: one ?? '' }),
  ];
  assert.equal(new Set(pages.flatMap((page) => page.all('instanceId'))).size, 2);
  const tags = await call('DescribeTags', { 'Filter.1.Name': 'resource-id', 'Filter.1.Value.1': InstanceId });
  assert.ok(tags.all('key').includes('landfall:purpose'));
});

test('an instance is stopped, started, rebooted; states that do not allow it are refused', async (t) => {
  const launched = await launch(t);
  const { call, site, InstanceId } = launched;
  const one = { 'InstanceId.1': InstanceId };
  await waitFor(
    'a sign of life',
    async () => {
      site.host.look(InstanceId);
      return (await call('DescribeInstanceStatus', one)).text;
    },
    (text) =>
      text.includes('<instanceStatus><details><item><name>reachability</name><status>passed') ||
      text.includes('<instanceStatus><status>ok'),
  );
  const stopping = await call('StopInstances', one);
  assert.match(
    stopping.text,
    /<currentState><code>64<\/code><name>stopping<\/name><\/currentState><previousState><code>16</,
  );
  assert.equal((await call('StartInstances', one)).code, 'IncorrectInstanceState');
  site.host.look(InstanceId);
  await untilState(launched, 'stopped');
  assert.deepEqual((await call('DescribeInstanceStatus')).all('instanceId'), []);
  assert.deepEqual((await call('DescribeInstanceStatus', { IncludeAllInstances: true })).all('instanceId'), [
    InstanceId,
  ]);
  assert.equal((await call('RebootInstances', one)).code, 'IncorrectInstanceState');
  assert.match((await call('StartInstances', one)).text, /<currentState><code>16<.*<previousState><code>80</);
  await untilState(launched, 'running');
  assert.equal((await call('RebootInstances', one)).first('return'), 'true');
  const forced = await call('StopInstances', { ...one, Force: true });
  assert.match(forced.text, /<currentState><code>80</);
  const told = site.host.done.filter((entry) => entry.startsWith('powerMachine'));
  assert.deepEqual(
    told.map((entry) => entry.slice('powerMachine '.length, -` ${InstanceId}`.length)),
    ['STOP', 'START', 'RESTART', 'STOP forced'],
  );
});

test('termination follows the life cycle of the server, and the instance is seen for an hour', async (t) => {
  const launched = await launch(t);
  const { call, site, sourceServerId, InstanceId } = launched;
  const one = { 'InstanceId.1': InstanceId };
  const refused = await call('TerminateInstances', one);
  assert.equal(refused.code, 'OperationNotPermitted');
  assert.match(refused.text, /is TESTING: change its lifecycle state back first/);
  const lifeCycle = { state: 'READY_FOR_CUTOVER' } as const;
  await site.plane.api.mgn('ChangeServerLifeCycleState', { sourceServerID: sourceServerId, lifeCycle });
  const ending = await call('TerminateInstances', one);
  assert.match(ending.text, /<currentState><code>32<\/code><name>shutting-down</);
  await untilState(launched, 'terminated');
  assert.deepEqual((await call('DescribeInstances')).all('instanceId'), [InstanceId]);
  assert.match((await call('TerminateInstances', one)).text, /<currentState><code>48</);
  assert.equal((await call('StartInstances', one)).code, 'IncorrectInstanceState');
  assert.deepEqual((await call('DescribeVolumes')).all('volumeId'), []);
  assert.equal(
    (await call('GetConsoleScreenshot', { InstanceId: 'i-00000000000000000' })).code,
    'InvalidInstanceID.NotFound',
  );
});
