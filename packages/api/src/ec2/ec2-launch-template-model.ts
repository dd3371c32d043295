/**
 * The operations on launch templates. Members of the data that have no meaning here are taken all the same,
 * to be kept and shown again: tools send whole templates, and read back what they sent.
 */
import { choice, flag, list, type StructureShape, structure, text, whole } from '../query/query-shape.ts';
import { EC2_LAUNCH_TEMPLATE_MEMBERS } from './ec2-launch-template-members.generated.ts';
import { type Ec2MemberTable, membersOf, membersWithout, queryShapesOf } from './ec2-member.ts';
import {
  type Ec2Operation,
  FILTERS,
  GROUP_ID,
  INSTANCE_ID,
  input,
  LAUNCH_TEMPLATE_ID,
  LAUNCH_TEMPLATE_NAME,
  PAGE,
  SUBNET_ID,
  tagSpecifications,
} from './ec2-operation.ts';

const GROUPS_MAX = 100;
const NAMES_MAX = 200;

const BLOCK_DEVICE_MEMBERS = membersOf(EC2_LAUNCH_TEMPLATE_MEMBERS, 'BlockDeviceMapping');

/** What has a meaning here is left out of these. */
export const KEPT_LAUNCH_TEMPLATE_MEMBERS = {
  data: membersWithout(EC2_LAUNCH_TEMPLATE_MEMBERS, [
    ...['InstanceType', 'BlockDeviceMapping', 'NetworkInterface'],
    ...['SecurityGroupId', 'SecurityGroup', 'TagSpecification'],
  ]),
  blockDevice: membersWithout(BLOCK_DEVICE_MEMBERS, ['DeviceName', 'Ebs']),
  ebs: membersWithout(membersOf(BLOCK_DEVICE_MEMBERS, 'Ebs'), [
    ...['VolumeType', 'Iops', 'Throughput', 'DeleteOnTermination'],
  ]),
  networkInterface: membersWithout(membersOf(EC2_LAUNCH_TEMPLATE_MEMBERS, 'NetworkInterface'), [
    ...['DeviceIndex', 'SubnetId', 'SecurityGroupId', 'PrivateIpAddress'],
  ]),
} as const;

const EBS = keeping(
  KEPT_LAUNCH_TEMPLATE_MEMBERS.ebs,
  structure({
    VolumeType: choice('io1', 'io2', 'gp3', 'gp2', 'st1', 'sc1', 'standard'),
    Iops: whole(100, 64_000),
    Throughput: whole(125, 2000),
    DeleteOnTermination: flag,
  }),
);

const BLOCK_DEVICE = keeping(
  KEPT_LAUNCH_TEMPLATE_MEMBERS.blockDevice,
  structure({ DeviceName: text({ pattern: /^\S+$/ }), Ebs: EBS }, ['DeviceName']),
);

const NETWORK_INTERFACE = keeping(
  KEPT_LAUNCH_TEMPLATE_MEMBERS.networkInterface,
  structure({
    DeviceIndex: whole(0, 0),
    SubnetId: SUBNET_ID,
    SecurityGroupId: list(GROUP_ID, GROUPS_MAX),
    PrivateIpAddress: text({ max: 45 }),
  }),
);

export const LAUNCH_TEMPLATE_DATA = keeping(
  KEPT_LAUNCH_TEMPLATE_MEMBERS.data,
  structure({
    InstanceType: text({ max: 64 }),
    BlockDeviceMapping: list(BLOCK_DEVICE, 60),
    NetworkInterface: list(NETWORK_INTERFACE, 1),
    SecurityGroupId: list(GROUP_ID, GROUPS_MAX),
    SecurityGroup: list(text(), GROUPS_MAX),
    TagSpecification: tagSpecifications(
      ...['instance', 'volume', 'network-interface', 'spot-instances-request', 'elastic-gpu'],
    ),
    /** Kept as well; it is a filter of versions. An alias of a parameter is not looked up. */
    ImageId: text({
      pattern: /^(ami-([0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:\S+)$/,
      malformed: 'InvalidAMIID.Malformed',
    }),
  }),
);

/** The shape takes these as well; whoever reads its values by their types does not see them. */
function keeping<Shape extends StructureShape>(members: Ec2MemberTable, shape: Shape): Shape {
  return { ...shape, members: { ...queryShapesOf(members), ...shape.members } };
}

const VERSION = text({ max: 10, pattern: /^(\$Default|\$Latest|[1-9]\d{0,8})$/ });
const VERSION_NUMBER = text({ max: 9, pattern: /^[1-9]\d{0,8}$/ });
const DESCRIPTION = text({ min: 0 });
const CLIENT_TOKEN = text({ max: 128 });
const WHICH = { LaunchTemplateId: LAUNCH_TEMPLATE_ID, LaunchTemplateName: LAUNCH_TEMPLATE_NAME } as const;

export const EC2_LAUNCH_TEMPLATE_OPERATIONS = {
  CreateLaunchTemplate: {
    input: input(
      {
        ClientToken: CLIENT_TOKEN,
        LaunchTemplateName: LAUNCH_TEMPLATE_NAME,
        VersionDescription: DESCRIPTION,
        LaunchTemplateData: LAUNCH_TEMPLATE_DATA,
        TagSpecification: tagSpecifications('launch-template'),
      },
      ['LaunchTemplateName', 'LaunchTemplateData'],
    ),
    resource: 'new-launch-template',
  },
  CreateLaunchTemplateVersion: {
    input: input(
      {
        ...WHICH,
        ClientToken: CLIENT_TOKEN,
        SourceVersion: VERSION,
        VersionDescription: DESCRIPTION,
        LaunchTemplateData: LAUNCH_TEMPLATE_DATA,
        ResolveAlias: flag,
      },
      ['LaunchTemplateData'],
    ),
    resource: 'launch-template',
  },
  DescribeLaunchTemplates: {
    input: input({
      LaunchTemplateId: list(LAUNCH_TEMPLATE_ID, NAMES_MAX),
      LaunchTemplateName: list(LAUNCH_TEMPLATE_NAME, NAMES_MAX),
      Filter: FILTERS,
      ...PAGE,
    }),
    readonly: true,
  },
  DescribeLaunchTemplateVersions: {
    input: input({
      ...WHICH,
      LaunchTemplateVersion: list(VERSION, NAMES_MAX),
      MinVersion: VERSION_NUMBER,
      MaxVersion: VERSION_NUMBER,
      Filter: FILTERS,
      ResolveAlias: flag,
      ...PAGE,
    }),
    readonly: true,
  },
  ModifyLaunchTemplate: {
    input: input({ ...WHICH, ClientToken: CLIENT_TOKEN, SetDefaultVersion: VERSION }),
    resource: 'launch-template',
    idempotent: true,
  },
  DeleteLaunchTemplate: { input: input(WHICH), resource: 'launch-template' },
  DeleteLaunchTemplateVersions: {
    input: input({ ...WHICH, LaunchTemplateVersion: list(VERSION, NAMES_MAX) }, ['LaunchTemplateVersion']),
    resource: 'launch-template',
  },
  GetLaunchTemplateData: {
    input: input({ InstanceId: INSTANCE_ID }, ['InstanceId']),
    resource: 'instance',
    readonly: true,
  },
} as const satisfies Record<string, Ec2Operation>;
