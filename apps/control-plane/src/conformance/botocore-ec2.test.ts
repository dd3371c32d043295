import assert from 'node:assert/strict';
import test from 'node:test';
import { EC2_OPERATION_NAMES, type Ec2OperationName } from '@landfall/api';
import { groupIdOfPort, subnetId } from '../ec2/stable-ids.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';
import { type BotocoreCall, BotocoreClient, sampleOfShape, skip } from './botocore.testing.ts';

const NAME = 'spare';

/** Every operation, in an order in which each has what it needs. */
function callsOn(machineId: string, templateId: string): readonly BotocoreCall[] {
  const InstanceIds = [machineId];
  const data = {
    NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnetId('lab'), Groups: [groupIdOfPort(22)] }],
  };
  return [
    ['DescribeRegions', {}],
    ['DescribeAvailabilityZones', {}],
    ['DescribeInstanceTypes', { Filters: [{ Name: 'instance-type', Values: ['m5.*'] }], MaxResults: 5 }],
    ['DescribeVpcs', {}],
    ['DescribeSubnets', {}],
    ['DescribeSecurityGroups', { GroupNames: ['default', 'tcp-22'] }],
    ['DescribeLaunchTemplates', { LaunchTemplateIds: [templateId] }],
    ['CreateLaunchTemplate', { LaunchTemplateName: NAME, LaunchTemplateData: { InstanceType: 't3.small' } }],
    [
      'CreateLaunchTemplateVersion',
      { LaunchTemplateName: NAME, SourceVersion: '1', LaunchTemplateData: data },
    ],
    ['DescribeLaunchTemplateVersions', { LaunchTemplateName: NAME, Versions: ['$Latest'] }],
    ['ModifyLaunchTemplate', { LaunchTemplateName: NAME, DefaultVersion: '2' }],
    ['DeleteLaunchTemplateVersions', { LaunchTemplateName: NAME, Versions: ['1'] }],
    ['DeleteLaunchTemplate', { LaunchTemplateName: NAME }],
    ['GetLaunchTemplateData', { InstanceId: machineId }],
    ['DescribeInstances', { InstanceIds }],
    ['DescribeInstanceStatus', { InstanceIds }],
    ['DescribeVolumes', {}],
    ['DescribeSnapshots', { OwnerIds: ['self'] }],
    ['DescribeTags', { Filters: [{ Name: 'resource-type', Values: ['instance'] }] }],
    ['GetConsoleOutput', { InstanceId: machineId, Latest: true }],
    ['GetConsoleScreenshot', { InstanceId: machineId, WakeUp: false }],
    ['RebootInstances', { InstanceIds }],
    ['StopInstances', { InstanceIds, Force: true }],
    ['StartInstances', { InstanceIds }],
    ['TerminateInstances', { InstanceIds }],
  ];
}

interface Refusal {
  readonly input: Readonly<Record<string, unknown>>;
  readonly code: string;
}

const ID = '0123456789abcdef0';

/** Every operation called wrongly: for something there is not, or in the wrong state. */
function refusalsOn(machineId: string): Readonly<Record<Ec2OperationName, Refusal>> {
  const noMachine = { input: { InstanceIds: [`i-${ID}`] }, code: 'InvalidInstanceID.NotFound' };
  const noOneMachine = { input: { InstanceId: `i-${ID}` }, code: 'InvalidInstanceID.NotFound' };
  const LaunchTemplateId = `lt-${ID}`;
  const noTemplate = 'InvalidLaunchTemplateId.NotFound';
  const Filters = [{ Name: 'no-such-filter', Values: ['x'] }];
  const noFilter = { input: { Filters }, code: 'InvalidParameterValue' };
  return {
    CreateLaunchTemplate: {
      input: { LaunchTemplateName: 'no name!', LaunchTemplateData: { InstanceType: 't3.small' } },
      code: 'InvalidLaunchTemplateName.MalformedException',
    },
    CreateLaunchTemplateVersion: {
      input: { LaunchTemplateId, LaunchTemplateData: { InstanceType: 't3.small' } },
      code: noTemplate,
    },
    DescribeLaunchTemplates: { input: { LaunchTemplateIds: [LaunchTemplateId] }, code: noTemplate },
    DescribeLaunchTemplateVersions: { input: { LaunchTemplateId }, code: noTemplate },
    ModifyLaunchTemplate: { input: { LaunchTemplateId, DefaultVersion: '1' }, code: noTemplate },
    DeleteLaunchTemplate: { input: { LaunchTemplateId }, code: noTemplate },
    DeleteLaunchTemplateVersions: { input: { LaunchTemplateId, Versions: ['1'] }, code: noTemplate },
    GetLaunchTemplateData: noOneMachine,
    DescribeInstances: noMachine,
    DescribeInstanceStatus: noMachine,
    DescribeInstanceTypes: { input: { InstanceTypes: ['t0.none'] }, code: 'InvalidInstanceType' },
    StartInstances: noMachine,
    StopInstances: noMachine,
    RebootInstances: noMachine,
    TerminateInstances: { input: { InstanceIds: [machineId, `i-${ID}`] }, code: noMachine.code },
    GetConsoleOutput: noOneMachine,
    GetConsoleScreenshot: noOneMachine,
    DescribeSubnets: { input: { SubnetIds: [`subnet-${ID}`] }, code: 'InvalidSubnetID.NotFound' },
    DescribeVpcs: { input: { VpcIds: [`vpc-${ID}`] }, code: 'InvalidVpcID.NotFound' },
    DescribeSecurityGroups: { input: { GroupIds: [`sg-${ID}`] }, code: 'InvalidGroup.NotFound' },
    DescribeVolumes: { input: { VolumeIds: [`vol-${ID}`] }, code: 'InvalidVolume.NotFound' },
    DescribeSnapshots: { input: { SnapshotIds: [`snap-${ID}`] }, code: 'InvalidSnapshot.NotFound' },
    DescribeTags: noFilter,
    DescribeRegions: noFilter,
    DescribeAvailabilityZones: noFilter,
  };
}

test('every operation of EC2 we offer works with botocore, and refuses what is wrong', {
  skip,
}, async (t) => {
  const site = await startTestSite(t);
  const { mgn } = site.plane.api;
  const { sourceServerId } = await site.addAgent();
  const { job } = await mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  const [launched] = (await site.untilJobEnds(job?.jobID)).participatingServers ?? [];
  const machineId = launched?.launchedEc2InstanceID ?? '';
  const lifeCycle = { state: 'READY_FOR_CUTOVER' } as const;
  await mgn('ChangeServerLifeCycleState', { sourceServerID: sourceServerId, lifeCycle });
  const { ec2LaunchTemplateID = '' } = await mgn('GetLaunchConfiguration', {
    sourceServerID: sourceServerId,
  });
  const calls = callsOn(machineId, ec2LaunchTemplateID);
  const client = await BotocoreClient.open(t, 'ec2', site.plane.admin);
  const results = new Map<string, unknown>();
  for (const [name, { input, code }] of Object.entries(refusalsOn(machineId))) {
    const refused = (error: Error) => `${name} ${error.name}` === `${name} ${code}`;
    await assert.rejects(client.call(name, input), refused, `${name}: ${code}`);
  }
  for (const [name, parameters] of calls) results.set(name, await client.call(name, parameters));
  t.diagnostic(`operations working / total: ${results.size} / ${EC2_OPERATION_NAMES.length}`);
  assert.deepEqual([...results.keys()].sort(), EC2_OPERATION_NAMES.toSorted(), 'each was called');

  const { LaunchTemplateVersions: [version] = [] } = Object(results.get('DescribeLaunchTemplateVersions'));
  assert.deepEqual(version.LaunchTemplateData, {
    InstanceType: 't3.small',
    NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnetId('lab'), Groups: [groupIdOfPort(22)] }],
  });
  const { Reservations: [reservation] = [] } = Object(results.get('DescribeInstances'));
  assert.equal(reservation.Instances[0].InstanceId, machineId);
  assert.equal(reservation.Instances[0].BlockDeviceMappings.length, 2);
  assert.equal(Object(results.get('DescribeInstanceTypes')).InstanceTypes.length, 5);
  assert.match(Object(results.get('GetConsoleScreenshot')).ImageData, /^iVBORw0KGgo/);
  const { TerminatingInstances: [ending] = [] } = Object(results.get('TerminateInstances'));
  assert.deepEqual(ending.CurrentState, { Code: 32, Name: 'shutting-down' });
});

/** Every member of the client's model, with values that make sense where ours have a meaning. */
async function wholeTemplate(): Promise<Record<string, unknown>> {
  const {
    SecurityGroups: _names,
    SecurityGroupIds: _ids,
    ...sample
  } = await sampleOfShape('ec2', 'RequestLaunchTemplateData');
  const [device] = Object(sample.BlockDeviceMappings);
  const [{ PrivateIpAddress: _address, SubnetId: _subnet, ...card }] = Object(sample.NetworkInterfaces);
  return {
    ...sample,
    InstanceType: 'm5.large',
    ImageId: 'ami-0123456789abcdef0',
    BlockDeviceMappings: [
      { ...device, DeviceName: '/dev/sda', Ebs: { ...device.Ebs, Iops: 3000, Throughput: 125 } },
    ],
    NetworkInterfaces: [{ ...card, DeviceIndex: 0, Groups: [groupIdOfPort(22)] }],
    TagSpecifications: ['instance', 'volume', 'spot-instances-request'].map((ResourceType) => ({
      ...{ ResourceType, Tags: [{ Key: 'tier', Value: ResourceType }] },
    })),
  };
}

test('whatever EC2 has in a launch template is given back as it was sent', { skip }, async (t) => {
  const plane = await startTestControlPlane(t);
  const LaunchTemplateData = await wholeTemplate();
  t.diagnostic(`members: ${Object.keys(LaunchTemplateData).length}`);
  assert.ok(Object.keys(LaunchTemplateData).length > 25);
  const client = await BotocoreClient.open(t, 'ec2', plane.admin);
  await client.call('CreateLaunchTemplate', { LaunchTemplateName: NAME, LaunchTemplateData });
  const described = await client.call('DescribeLaunchTemplateVersions', { LaunchTemplateName: NAME });
  const { LaunchTemplateVersions: [version] = [] } = Object(described);
  const market = Object(version.LaunchTemplateData.InstanceMarketOptions);
  const validUntil = new Date(market.SpotOptions.ValidUntil);
  market.SpotOptions.ValidUntil = validUntil.toISOString().replace('.000', '');
  assert.deepEqual(version.LaunchTemplateData, LaunchTemplateData);
});
