/** An operation of EC2 as data, and the words that many of them share. */
import {
  choice,
  flag,
  list,
  type QueryMembers,
  type StructureShape,
  structure,
  text,
  whole,
} from '../query/query-shape.ts';

/** What a call is about: asked for in policies by its ARN. Absent: nothing in particular. */
export type Ec2Resource = 'instance' | 'launch-template' | 'new-launch-template';

export interface Ec2Operation<Input = StructureShape> {
  readonly input: Input;
  readonly resource?: Ec2Resource;
  /** Changes nothing. */
  readonly readonly?: true;
  /** The same call twice has the effect of one. */
  readonly idempotent?: true;
}

/** Every operation takes it. */
const COMMON = { DryRun: flag } as const;

export function input<const Members extends QueryMembers>(
  members: Members,
): StructureShape<Members & typeof COMMON, never>;
export function input<const Members extends QueryMembers, const Required extends keyof Members & string>(
  members: Members,
  required: readonly Required[],
): StructureShape<Members & typeof COMMON, Required>;
export function input(members: QueryMembers, required: readonly string[] = []): StructureShape {
  return { type: 'structure', members: { ...members, ...COMMON }, required };
}

/** EC2's form of an id: its prefix and 8 or 17 hexadecimal digits. */
function idOf(prefix: string, malformed: string) {
  return text({ pattern: new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`), malformed });
}

export const INSTANCE_ID = idOf('i', 'InvalidInstanceID.Malformed');
export const VOLUME_ID = idOf('vol', 'InvalidVolumeID.Malformed');
export const SNAPSHOT_ID = idOf('snap', 'InvalidSnapshotID.Malformed');
export const SUBNET_ID = idOf('subnet', 'InvalidSubnetID.Malformed');
export const VPC_ID = idOf('vpc', 'InvalidVpcID.Malformed');
export const GROUP_ID = idOf('sg', 'InvalidGroupId.Malformed');

/** `[0-9a-z]`: what MGN's model demands of them. */
export const LAUNCH_TEMPLATE_ID = text({
  pattern: /^lt-[0-9a-z]{17}$/,
  malformed: 'InvalidLaunchTemplateId.Malformed',
});

export const LAUNCH_TEMPLATE_NAME = text({
  min: 3,
  max: 128,
  pattern: /^[a-zA-Z0-9().\-/_]+$/,
  malformed: 'InvalidLaunchTemplateName.MalformedException',
});

const FILTERS_MAX = 50;
const FILTER_VALUES_MAX = 200;

export const FILTERS = list(
  structure({ Name: text({ max: 127 }), Value: list(text({ min: 0 }), FILTER_VALUES_MAX) }, ['Name']),
  FILTERS_MAX,
);

export const PAGE = { MaxResults: whole(1, 1000), NextToken: text({ max: 2048 }) } as const;

const TAG = structure({ Key: text({ max: 127 }), Value: text({ min: 0, max: 255 }) }, ['Key']);

export function tagSpecifications<const Type extends string>(...types: readonly Type[]) {
  return list(structure({ ResourceType: choice(...types), Tag: list(TAG, 50) }), 10);
}
