/** What templates are made of, as the service wants it, and how one is called. Pure. */
import type { Mgn } from '@landfall/api/types';

export const TEMPLATES_PATH = '/templates';

export const BANDWIDTH_MBPS_MAX = 10_000;

/** `undefined`: it is no bandwidth limit. */
export function parseBandwidth(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text.trim())) return undefined;
  const mbps = Number(text);
  return mbps <= BANDWIDTH_MBPS_MAX ? mbps : undefined;
}

/**
 * A new replication template. The service asks for all of these; those without a meaning here have the values
 * that it gives them itself when it makes one.
 */
export function newReplicationTemplate(
  name: string,
  bandwidthThrottling: number,
): Mgn.CreateReplicationConfigurationTemplateRequest {
  return {
    associateDefaultSecurityGroup: true,
    bandwidthThrottling,
    createPublicIP: false,
    dataPlaneRouting: 'PRIVATE_IP',
    defaultLargeStagingDiskType: 'GP3',
    ebsEncryption: 'DEFAULT',
    replicationServerInstanceType: 't3.small',
    replicationServersSecurityGroupsIDs: [],
    stagingAreaSubnetId: 'subnet-00000000',
    stagingAreaTags: {},
    useDedicatedReplicationServer: false,
    ...nameTag(name),
  };
}

export function nameTag(name: string): { readonly tags?: Readonly<Record<string, string>> } {
  return name.trim() === '' ? {} : { tags: { Name: name.trim() } };
}

export function templateName(
  id: string,
  { tags }: { readonly tags?: Readonly<Record<string, string>> | undefined },
): string {
  return tags?.Name ?? id;
}

/** What is stored for others and has no effect, in the API's own words. */
export function keptValues(
  template: Mgn.ReplicationConfigurationTemplate,
): readonly { readonly name: string; readonly value: string }[] {
  const { arn, bandwidthThrottling, replicationConfigurationTemplateID, tags, ...kept } = template;
  return Object.entries(kept)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value) }))
    .sort((left, right) => left.name.localeCompare(right.name, 'en'));
}
