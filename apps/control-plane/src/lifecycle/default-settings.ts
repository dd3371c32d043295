/** The settings a new server gets, and the templates made when nobody has made any. Words: public MGN API. */
import type { Mgn } from '@landfall/api';
import { publicId, type Random } from '@landfall/runtime';
import type { Queries } from '../store/schema.ts';
import { insertTemplate, listTemplates, type TemplateKind, type TemplateRecord } from '../store/templates.ts';

export type ReplicationTemplateSettings = Omit<
  Mgn.ReplicationConfigurationTemplate,
  'replicationConfigurationTemplateID' | 'arn' | 'tags'
>;
export type LaunchTemplateSettings = Omit<
  Mgn.LaunchConfigurationTemplate,
  'launchConfigurationTemplateID' | 'arn' | 'tags'
>;

/** Subnets, instance types and volume types mean nothing here, but clients expect values of their form. */
export const DEFAULT_REPLICATION_SETTINGS = {
  stagingAreaSubnetId: 'subnet-00000000',
  associateDefaultSecurityGroup: true,
  replicationServersSecurityGroupsIDs: [],
  replicationServerInstanceType: 't3.small',
  useDedicatedReplicationServer: false,
  defaultLargeStagingDiskType: 'GP3',
  ebsEncryption: 'DEFAULT',
  bandwidthThrottling: 0,
  dataPlaneRouting: 'PRIVATE_IP',
  createPublicIP: false,
  stagingAreaTags: {},
  useFipsEndpoint: false,
  internetProtocol: 'IPV4',
} as const satisfies ReplicationTemplateSettings;

export const DEFAULT_LAUNCH_SETTINGS = {
  launchDisposition: 'STARTED',
  targetInstanceTypeRightSizingMethod: 'BASIC',
  copyPrivateIp: false,
  copyTags: false,
  licensing: { osByol: true },
  bootMode: 'USE_SOURCE',
  enableMapAutoTagging: false,
} as const satisfies LaunchTemplateSettings;

export interface NewServerTemplates {
  readonly replication: ReplicationTemplateSettings;
  readonly launch: LaunchTemplateSettings;
  readonly launchTemplateId: string;
}

export interface MakeOptions {
  readonly nowMs: number;
  readonly random: Random;
}

/** The templates new servers copy; made with the defaults when there are none. */
export async function templatesForNewServer(tx: Queries, options: MakeOptions): Promise<NewServerTemplates> {
  const replicationDefaults: ReplicationTemplateSettings = { ...DEFAULT_REPLICATION_SETTINGS };
  const launchDefaults: LaunchTemplateSettings = { ...DEFAULT_LAUNCH_SETTINGS };
  const replication = await firstOrMake(tx, 'REPLICATION', replicationDefaults, options);
  const launch = await firstOrMake(tx, 'LAUNCH', launchDefaults, options);
  return {
    replication: replication.settings,
    launch: launch.settings,
    launchTemplateId: launch.templateId,
  };
}

async function firstOrMake<Settings>(
  tx: Queries,
  kind: TemplateKind,
  defaults: Settings,
  { nowMs, random }: MakeOptions,
): Promise<TemplateRecord<Settings>> {
  const [first] = await listTemplates<Settings>(tx, kind);
  if (first !== undefined) return first;
  const prefix = kind === 'REPLICATION' ? 'rct-' : 'lct-';
  const template: TemplateRecord<Settings> = {
    templateId: publicId(prefix, random),
    tags: {},
    settings: defaults,
  };
  await insertTemplate(tx, kind, template, nowMs);
  return template;
}
