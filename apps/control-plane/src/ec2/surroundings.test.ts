import assert from 'node:assert/strict';
import test from 'node:test';
import { ec2CallsOf } from '../testing/ec2-calls.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';
import { groupIdOfPort, snapshotId, subnetId } from './stable-ids.ts';

test('networks of launch hosts are subnets of one VPC, ports are security groups', async (t) => {
  const site = await startTestSite(t);
  const call = await ec2CallsOf(t, site.plane);
  const subnets = await waitFor(
    'the networks of the launch host',
    () => call('DescribeSubnets'),
    (answer) => answer.all('subnetId').length === 3,
  );
  assert.deepEqual([...subnets.all('subnetId')].sort(), ['isolated', 'user', 'lab'].map(subnetId).sort());
  const [vpc] = (await call('DescribeVpcs')).all('vpcId');
  assert.deepEqual([...new Set(subnets.all('vpcId'))], [vpc]);
  const bridged = await call('DescribeSubnets', {
    'Filter.1.Name': 'tag:landfall:kind',
    'Filter.1.Value.1': 'BRIDGE',
  });
  assert.deepEqual(bridged.all('subnetId'), [subnetId('lab')]);
  const groups = await call('DescribeSecurityGroups', {
    'GroupName.1': 'tcp-8443',
    'GroupId.1': groupIdOfPort(22),
  });
  assert.deepEqual([...groups.all('fromPort')].sort(), ['22', '8443']);
  const always = await call('DescribeSecurityGroups');
  assert.deepEqual(always.all('groupName'), ['default', 'all']);
  assert.deepEqual(always.all('ipProtocol'), ['-1', '-1', '-1'], 'two ways out, and one in');
  await site.addAgent();
  const inUse = await call('DescribeSecurityGroups');
  assert.deepEqual([...inUse.all('groupName')].sort(), ['all', 'default', 'tcp-22', 'tcp-443', 'tcp-80']);
  const [zone] = (await call('DescribeAvailabilityZones')).all('zoneName');
  assert.equal(zone, 'us-east-1a');
  const sizes = await call('DescribeInstanceTypes', {
    'Filter.1.Name': 'vcpu-info.default-vcpus',
    'Filter.1.Value.1': '96',
  });
  assert.deepEqual(sizes.all('instanceType').toSorted(), ['m5.24xlarge', 'r5.24xlarge']);
  for (const [action, parameters, code] of [
    ['DescribeSubnets', { 'SubnetId.1': 'subnet-00000000000000000' }, 'InvalidSubnetID.NotFound'],
    ['DescribeVpcs', { 'VpcId.1': 'vpc-00000000' }, 'InvalidVpcID.NotFound'],
    ['DescribeSecurityGroups', { 'GroupId.1': 'sg-0123456789abcdef0' }, 'InvalidGroup.NotFound'],
    ['DescribeInstanceTypes', { 'InstanceType.1': 'x9.huge' }, 'InvalidInstanceType'],
    ['DescribeVolumes', { 'VolumeId.1': 'vol-00000000' }, 'InvalidVolume.NotFound'],
    ['DescribeRegions', { 'RegionName.1': 'eu-west-1' }, 'InvalidParameterValue'],
  ] as const) {
    assert.equal((await call(action, parameters)).code, code, action);
  }
});

test('recovery points are snapshots: the newest of each server, all of one, any by its id', async (t) => {
  const site = await startTestSite(t);
  const call = await ec2CallsOf(t, site.plane);
  const agents = [await site.addAgent(), await site.addAgent()];
  for (const { replica } of agents) replica.epoch = 5;
  const [sourceServerId = ''] = agents.map((agent) => agent.sourceServerId);
  const ids = (epoch: number) =>
    ['disk-0', 'disk-1'].map((diskId) => snapshotId({ sourceServerId, epoch, diskId }) ?? '');
  const latest = await waitFor(
    'the newest points in the reports',
    () => call('DescribeSnapshots', { 'Owner.1': 'self' }),
    (answer) => ids(5).every((id) => answer.all('snapshotId').includes(id)),
  );
  assert.equal(latest.all('snapshotId').length, 4);
  const tag = 'tag:AWSApplicationMigrationServiceSourceServerID';
  const ofOne = await call('DescribeSnapshots', { 'Filter.1.Name': tag, 'Filter.1.Value.1': sourceServerId });
  assert.deepEqual(
    ofOne.all('snapshotId').slice(0, 4).toSorted(),
    [...ids(5), ...ids(4)].toSorted(),
    'newest first',
  );
  assert.equal(ofOne.all('snapshotId').length, 10);
  const [first = ''] = ids(2);
  const byId = await call('DescribeSnapshots', { 'SnapshotId.1': first });
  assert.deepEqual(byId.all('snapshotId'), [first]);
  assert.equal(byId.first('volumeSize'), '4');
  assert.match(
    byId.first('description') ?? '',
    new RegExp(`^/dev/vda of ${sourceServerId} at recovery point 2$`),
  );
  const unknown = snapshotId({ sourceServerId: 's-00000000000000000', epoch: 1, diskId: 'disk-0' }) ?? '';
  assert.equal(
    (await call('DescribeSnapshots', { 'SnapshotId.1': unknown })).code,
    'InvalidSnapshot.NotFound',
  );
  assert.deepEqual((await call('DescribeSnapshots', { 'Owner.1': '123456789012' })).all('snapshotId'), []);
});
