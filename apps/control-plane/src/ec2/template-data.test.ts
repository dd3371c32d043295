import assert from 'node:assert/strict';
import test from 'node:test';
import type { Ec2LaunchTemplateData } from '@landfall/api';
import { groupIdOfPort, subnetId } from './stable-ids.ts';
import { readTemplateData, showTemplateData } from './template-data.ts';

const NETWORKS = { networkNames: ['isolated', 'lab'] };
const SSH = groupIdOfPort(22);
const WEB = groupIdOfPort(80);
const NOTHING = groupIdOfPort(0);
const EVERYTHING = groupIdOfPort(65_536);

/** With members of which the types say nothing, as they come from a request. */
const GIVEN = {
  InstanceType: 'm5.large',
  ImageId: 'ami-0123456789abcdef0',
  KeyName: 'ops',
  BlockDeviceMapping: [
    {
      DeviceName: '/dev/sda',
      Ebs: { VolumeType: 'gp3', Iops: 3000, DeleteOnTermination: false, VolumeSize: 80, Encrypted: true },
    },
    { DeviceName: '/dev/sdb', NoDevice: '' },
  ],
  NetworkInterface: [
    {
      DeviceIndex: 0,
      SubnetId: subnetId('lab'),
      SecurityGroupId: [SSH, WEB],
      AssociatePublicIpAddress: false,
    },
  ],
  TagSpecification: [
    { ResourceType: 'instance', Tag: [{ Key: 'tier', Value: 'gold' }] },
    { ResourceType: 'volume', Tag: [{ Key: 'tier', Value: 'silver' }] },
  ],
  MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
  LicenseSpecification: [{ LicenseConfigurationArn: 'arn:aws:license-manager:::x' }],
} as const;

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('what has a meaning here becomes our data, the rest is kept beside it', () => {
  const { data, ec2Members } = readTemplateData(GIVEN, NETWORKS);
  assert.deepEqual(plain(data), {
    instanceType: 'm5.large',
    networkName: 'lab',
    inboundPorts: [22, 80],
    inboundTraffic: 'LISTED_PORTS',
    disks: [
      { deviceName: '/dev/sda', volumeType: 'gp3', iops: 3000, deleteOnTermination: false },
      { deviceName: '/dev/sdb' },
    ],
    tags: { tier: 'gold' },
  });
  assert.deepEqual(plain(ec2Members), {
    ImageId: 'ami-0123456789abcdef0',
    KeyName: 'ops',
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
    LicenseSpecification: [{ LicenseConfigurationArn: 'arn:aws:license-manager:::x' }],
    BlockDeviceMapping: [
      { DeviceName: '/dev/sda', Ebs: { VolumeSize: 80, Encrypted: true }, others: {} },
      { DeviceName: '/dev/sdb', Ebs: {}, others: { NoDevice: '' } },
    ],
    NetworkInterface: [{ AssociatePublicIpAddress: false }],
    TagSpecification: [{ ResourceType: 'volume', Tag: [{ Key: 'tier', Value: 'silver' }] }],
  });
});

test('it is shown as it was given', () => {
  assert.deepEqual(plain(showTemplateData(readTemplateData(GIVEN, NETWORKS))), {
    blockDeviceMappingSet: [
      {
        deviceName: '/dev/sda',
        ebs: { volumeType: 'gp3', iops: 3000, deleteOnTermination: false, volumeSize: 80, encrypted: true },
      },
      { deviceName: '/dev/sdb', noDevice: '', ebs: {} },
    ],
    networkInterfaceSet: [
      {
        associatePublicIpAddress: false,
        deviceIndex: 0,
        groupSet: { entryName: 'groupId', entries: [SSH, WEB] },
        subnetId: subnetId('lab'),
      },
    ],
    imageId: 'ami-0123456789abcdef0',
    instanceType: 'm5.large',
    keyName: 'ops',
    metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 2 },
    licenseSet: [{ licenseConfigurationArn: 'arn:aws:license-manager:::x' }],
    tagSpecificationSet: [
      { resourceType: 'instance', tagSet: [{ key: 'tier', value: 'gold' }] },
      { resourceType: 'volume', tagSet: [{ key: 'tier', value: 'silver' }] },
    ],
  });
});

test('a new version has what it does not say from its source version', () => {
  const base = readTemplateData(GIVEN, NETWORKS);
  const next = readTemplateData({ InstanceType: 't3.small' }, { ...NETWORKS, base });
  assert.deepEqual(plain(next.data), { ...Object(plain(base.data)), instanceType: 't3.small' });
  assert.deepEqual(plain(next.ec2Members), plain(base.ec2Members));
  const other = readTemplateData(
    { NetworkInterface: [{ SecurityGroupId: [NOTHING] }] },
    { ...NETWORKS, base },
  );
  assert.deepEqual([other.data.networkName, other.data.inboundPorts], [undefined, []]);
  assert.equal(other.data.instanceType, 'm5.large');
  const disks = readTemplateData({ BlockDeviceMapping: [{ DeviceName: '/dev/sda' }] }, { ...NETWORKS, base });
  assert.deepEqual(
    disks.ec2Members.BlockDeviceMapping,
    [],
    'what was kept of the former disks went with them',
  );
});

test('the group that lets everything in is one beside those of ports, and goes when others are given', () => {
  const base = readTemplateData({ SecurityGroup: ['all', 'tcp-22'] }, NETWORKS);
  assert.deepEqual(plain(base.data), { inboundPorts: [22], inboundTraffic: 'ALL' });
  const [shown] = Object(plain(showTemplateData(base))).networkInterfaceSet;
  assert.deepEqual(shown.groupSet.entries, [EVERYTHING, SSH]);
  const again = readTemplateData({ SecurityGroupId: [EVERYTHING] }, { ...NETWORKS, base });
  assert.deepEqual([again.data.inboundPorts, again.data.inboundTraffic], [[], 'ALL']);
  const closed = readTemplateData({ SecurityGroupId: [WEB] }, { ...NETWORKS, base });
  assert.deepEqual([closed.data.inboundPorts, closed.data.inboundTraffic], [[80], 'LISTED_PORTS']);
});

test('an address stays with the prefix that EC2 has no word for, and another is refused', () => {
  const addresses = [{ address: '192.0.2.9/24', gateway: '192.0.2.1' }];
  const base = { data: { instanceType: 't3.small', addresses } };
  const again = readTemplateData(
    { NetworkInterface: [{ PrivateIpAddress: '192.0.2.9' }] },
    { ...NETWORKS, base },
  );
  assert.deepEqual(again.data.addresses, addresses);
  const other = { NetworkInterface: [{ PrivateIpAddress: '192.0.2.10' }] };
  assert.throws(() => readTemplateData(other, { ...NETWORKS, base }), { name: 'InvalidParameterValue' });
});

test('what is not there or not clear is refused with EC2’s code', () => {
  const twice = { Key: 'a', Value: '1' };
  const cases: readonly [Ec2LaunchTemplateData, string][] = [
    [{ NetworkInterface: [{ SubnetId: subnetId('nowhere') }] }, 'InvalidSubnetID.NotFound'],
    [{ SecurityGroupId: ['sg-0123456789abcdef0'] }, 'InvalidGroup.NotFound'],
    [{ SecurityGroup: ['tcp-70000'] }, 'InvalidGroup.NotFound'],
    [
      { SecurityGroupId: [SSH], NetworkInterface: [{ SecurityGroupId: [SSH] }] },
      'InvalidParameterCombination',
    ],
    [{ TagSpecification: [{ ResourceType: 'instance', Tag: [twice, twice] }] }, 'InvalidParameterValue'],
  ];
  for (const [given, name] of cases) assert.throws(() => readTemplateData(given, NETWORKS), { name });
  assert.deepEqual(
    readTemplateData({ SecurityGroup: ['tcp-22', 'default'] }, NETWORKS).data.inboundPorts,
    [22],
  );
});
