/** Where and as what instances run: one region, one zone, the catalogue of sizes. */
import type { Ec2Handlers, XmlMembers } from '@landfall/api';
import { MIB } from '@landfall/runtime';
import type { Service } from '../service.ts';
import type { MachineSize } from '../sizes/machine-sizes.ts';
import { applyFilters } from './filters.ts';
import { listPage, selectById } from './listings.ts';
import { zoneOf } from './networks.ts';

type Operations = Pick<
  Ec2Handlers<Service>,
  'DescribeRegions' | 'DescribeAvailabilityZones' | 'DescribeInstanceTypes'
>;

export const placeOperations: Operations = {
  DescribeRegions: async (input, { facts }) => {
    const wanted = selectById([facts.region], input.RegionName, {
      ...{ idOf: same, notFound: 'InvalidParameterValue', kind: 'region' },
    });
    const endpoint = facts.publicUrl.replace(/^https:\/\//, '');
    const regions = applyFilters(wanted, input.Filter, {
      table: { 'region-name': same, endpoint: () => endpoint, 'opt-in-status': () => OPT_IN },
    });
    return {
      regionInfo: regions.map((regionName) => ({
        ...{ regionName, regionEndpoint: endpoint, optInStatus: OPT_IN },
      })),
    };
  },

  DescribeAvailabilityZones: async (input, service) => {
    const zone = { zoneName: zoneOf(service), zoneId: zoneIdOf(service) };
    const byName = selectById([zone], input.ZoneName, {
      ...{ idOf: ({ zoneName }) => zoneName, notFound: 'InvalidParameterValue', kind: 'availability zone' },
    });
    const byId = selectById(byName, input.ZoneId, {
      ...{ idOf: ({ zoneId }) => zoneId, notFound: 'InvalidParameterValue', kind: 'availability zone ID' },
    });
    const zones = applyFilters(byId, input.Filter, {
      table: {
        'region-name': () => service.facts.region,
        'zone-name': ({ zoneName }) => zoneName,
        'zone-id': ({ zoneId }) => zoneId,
        'zone-type': () => ZONE_TYPE,
        state: () => 'available',
        'opt-in-status': () => OPT_IN,
      },
    });
    return { availabilityZoneInfo: zones.map((one) => showZone(service, one)) };
  },

  DescribeInstanceTypes: async (input, { sizes }) => {
    const idOf = ({ name }: MachineSize) => name;
    const wanted = selectById(sizes, input.InstanceType, {
      ...{ idOf, notFound: 'InvalidInstanceType', kind: 'instance type' },
    });
    const { items, nextToken } = listPage(wanted, input, {
      ...{ name: 'DescribeInstanceTypes', idOf },
      table: {
        'instance-type': idOf,
        'vcpu-info.default-vcpus': ({ cpuCount }) => cpuCount,
        'memory-info.size-in-mib': ({ memoryBytes }) => memoryBytes / MIB,
        'processor-info.supported-architecture': () => 'x86_64',
        'current-generation': () => true,
        'bare-metal': () => false,
        'supported-root-device-type': () => 'ebs',
        'supported-usage-class': () => 'on-demand',
        'supported-virtualization-type': () => 'hvm',
        'supported-boot-mode': () => BOOT_MODES,
      },
    });
    return { instanceTypeSet: items.map(showSize), nextToken };
  },
};

const OPT_IN = 'opt-in-not-required';
const ZONE_TYPE = 'availability-zone';
const BOOT_MODES = ['legacy-bios', 'uefi'];

function same(text: string): string {
  return text;
}

function zoneIdOf({ facts }: Service): string {
  return `${facts.region}-az1`;
}

function showZone(
  { facts }: Service,
  zone: { readonly zoneName: string; readonly zoneId: string },
): XmlMembers {
  const { region } = facts;
  return {
    ...zone,
    ...{ zoneState: 'available', optInStatus: OPT_IN, messageSet: [], zoneType: ZONE_TYPE },
    ...{ regionName: region, groupName: region, networkBorderGroup: region },
  };
}

function showSize({ name, cpuCount, memoryBytes }: MachineSize): XmlMembers {
  return {
    instanceType: name,
    currentGeneration: true,
    freeTierEligible: false,
    supportedUsageClasses: ['on-demand'],
    supportedRootDeviceTypes: ['ebs'],
    supportedVirtualizationTypes: ['hvm'],
    bareMetal: false,
    processorInfo: { supportedArchitectures: ['x86_64'] },
    vCpuInfo: { defaultVCpus: cpuCount, defaultCores: cpuCount, defaultThreadsPerCore: 1 },
    memoryInfo: { sizeInMiB: memoryBytes / MIB },
    instanceStorageSupported: false,
    hibernationSupported: false,
    burstablePerformanceSupported: false,
    dedicatedHostsSupported: false,
    autoRecoverySupported: false,
    supportedBootModes: BOOT_MODES,
  };
}
