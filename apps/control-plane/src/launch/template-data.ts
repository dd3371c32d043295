/** What goes into a launch template by itself: at first, and when the launch configuration changes. */
import type { Mgn } from '@landfall/api';
import { GIB } from '@landfall/runtime';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { MachineSizes } from '../sizes/machine-sizes.ts';
import { rightSize } from '../sizes/right-sizing.ts';
import { keptAddresses } from './kept-addresses.ts';
import type { LaunchTemplateData } from './launch-template.ts';

const INBOUND_PORTS = [22, 80, 443];

/** Of a launch configuration template: how the volumes of new servers are made. */
export type VolumeSettings = Pick<
  Mgn.LaunchConfigurationTemplate,
  'smallVolumeMaxSize' | 'smallVolumeConf' | 'largeVolumeConf'
>;

export function firstData(
  server: SourceServerRecord,
  sizes: MachineSizes,
  volumes: VolumeSettings = {},
): LaunchTemplateData {
  const disks = disksBySize(server, volumes);
  const base = {
    ...sizeOf(server, sizes),
    inboundPorts: INBOUND_PORTS,
    ...(disks.length === 0 ? {} : { disks }),
  };
  return followConfiguration(base, server, sizes) ?? base;
}

/** None while no agent has told of the server's processors and memory: the smallest would be a guess. */
function sizeOf(
  { lifeCycle, sourceProperties }: SourceServerRecord,
  sizes: MachineSizes,
): Pick<LaunchTemplateData, 'instanceType'> {
  if (lifeCycle.state === 'PENDING_INSTALLATION') return {};
  return { instanceType: rightSize(sizes, sourceProperties).name };
}

function disksBySize(
  { disks }: SourceServerRecord,
  volumes: VolumeSettings,
): NonNullable<LaunchTemplateData['disks']> {
  return disks.flatMap(({ deviceName, sizeBytes }) => {
    const isSmall = volumes.smallVolumeMaxSize !== undefined && sizeBytes <= volumes.smallVolumeMaxSize * GIB;
    const conf = isSmall ? volumes.smallVolumeConf : volumes.largeVolumeConf;
    if (conf === undefined) return [];
    const { volumeType, iops, throughput, deleteOnTermination } = conf;
    return [{ deviceName, volumeType, iops, throughput, deleteOnTermination }];
  });
}

/**
 * A template from before the server's disks and size were known, with what they give it and nobody chose.
 * `undefined`: it is so already.
 */
export function completeData(
  data: LaunchTemplateData,
  server: SourceServerRecord,
  sizes: MachineSizes,
  volumes: VolumeSettings = {},
): LaunchTemplateData | undefined {
  const chosen = data.disks ?? [];
  const given = disksBySize(server, volumes).filter((disk) =>
    chosen.every(({ deviceName }) => deviceName !== disk.deviceName),
  );
  const withDisks = given.length === 0 ? data : { ...data, disks: [...chosen, ...given] };
  const complete = data.instanceType === undefined ? { ...withDisks, ...sizeOf(server, sizes) } : withDisks;
  return followConfiguration(complete, server, sizes) ?? (complete === data ? undefined : complete);
}

/**
 * The template as the launch configuration has it: with BASIC, the right size once it is known; with
 * `copyPrivateIp`, the source's addresses; when that was just taken back, none. `undefined`: it is so
 * already.
 */
export function followConfiguration(
  data: LaunchTemplateData,
  server: SourceServerRecord,
  sizes: MachineSizes,
  before: { readonly copyPrivateIp?: boolean | undefined } = server.launchConfiguration,
): LaunchTemplateData | undefined {
  const { launchConfiguration, sourceProperties } = server;
  const { targetInstanceTypeRightSizingMethod, copyPrivateIp } = launchConfiguration;
  const { addresses: _, ...rest } = data;
  const wasTakenBack = before.copyPrivateIp === true && copyPrivateIp !== true;
  const next = {
    ...(wasTakenBack ? rest : data),
    ...(targetInstanceTypeRightSizingMethod === 'BASIC' ? sizeOf(server, sizes) : {}),
    ...(copyPrivateIp === true ? copied(sourceProperties) : {}),
  };
  return isSame(next, data) ? undefined : next;
}

/** What cannot be copied leaves what was there. */
function copied(properties: SourceServerRecord['sourceProperties']): Pick<LaunchTemplateData, 'addresses'> {
  const kept = keptAddresses(properties);
  return 'addresses' in kept ? { addresses: kept.addresses } : {};
}

function isSame(left: LaunchTemplateData, right: LaunchTemplateData): boolean {
  const text = (data: LaunchTemplateData) =>
    JSON.stringify(Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return text(left) === text(right);
}
