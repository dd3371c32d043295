/** What a preflight found, a line a thing, for people: pure. Its judgement is in `findings.ts`. */
import type { PreflightFact } from '@landfall/model';
import { formatBytes } from '@landfall/runtime';
import { isHardwareName } from '../guest/device-names.ts';
import { parseFstab } from '../guest/fstab.ts';
import {
  bootloadersOf,
  cloudInitOf,
  driverPlace,
  encryptedVolumesOf,
  type GuestFacts,
  hypervisorToolsOf,
  seLinuxOf,
} from '../guest/guest-facts.ts';
import {
  bootModeOf,
  type GuestInspection,
  type InspectedKernel,
  isEfiSystemPartition,
} from '../guest/inspection.ts';
import { findInterfaces } from '../network/network-configuration.ts';
import { KERNELS_MAX } from '../plan/plan-drivers.ts';
import { HARDWARE_NAMES } from '../plan/target-hardware.ts';
import { type Examination, sourceNameOf } from './findings.ts';

/** For the disks of every hypervisor and cloud, and for bare hardware. */
const DRIVERS = [
  ['virtio', ['virtio_pci', 'virtio_blk']],
  ['AHCI', ['ahci']],
  ['NVMe', ['nvme']],
  ['Xen', ['xen_blkfront']],
] as const;

export function inventoryOf({ facts, inspection, hardware }: Examination): PreflightFact[] {
  return [
    ...(inspection === undefined ? [] : systemFacts(facts, inspection)),
    ...diskFacts(facts),
    ...(inspection === undefined ? [] : settingFacts(facts)),
    ...(hardware === undefined ? [] : [['runs on', HARDWARE_NAMES[hardware]] as const]),
  ].map(([name, value]) => ({ name, value }));
}

type Line = readonly [name: string, value: string];

function systemFacts(facts: GuestFacts, inspection: GuestInspection): Line[] {
  const { root, files, kernels } = inspection;
  const other = bootModeOf(inspection) === 'LEGACY_BIOS' && inspection.hasEfiPartition ? ' (UEFI too)' : '';
  const loaders = bootloadersOf(facts).join(', ') || 'none of a known kind';
  return [
    ['firmware', `${bootModeOf(inspection) === 'UEFI' ? 'UEFI' : 'BIOS'}${other}`],
    ['bootloader', loaders],
    ...kernels.slice(0, KERNELS_MAX).map((kernel): Line => ['kernel', kernelText(kernel)]),
    ['root', `${root.type} on ${sourceNameOf(root.device, facts)}`],
    ['fstab', fstabText(files.get('/etc/fstab'))],
  ];
}

function kernelText(kernel: InspectedKernel): string {
  const places = DRIVERS.map(([name, modules]) => {
    const found = new Set(modules.map((each) => driverPlace(kernel, each)));
    return `${name} ${[...found].join(' and ')}`;
  });
  return `${kernel.version}: ${places.join(', ')}`;
}

function fstabText(text: string | undefined): string {
  if (text === undefined) return 'none';
  const local = parseFstab(text).filter(({ source }) => source.startsWith('/dev/') || source.includes('='));
  const hardware = local.filter(({ source }) => isHardwareName(source)).length;
  return `${local.length} volumes, ${hardware} by a name of the hardware`;
}

function diskFacts(facts: GuestFacts): Line[] {
  const { disks, filesystems, volumeGroups, arrays } = facts;
  const swap = filesystems
    .filter(({ type }) => type === 'swap')
    .map(({ device }) => sourceNameOf(device, facts));
  const lines: Line[] = [
    ...disks.map(({ diskId, sourceName, isBootDisk }): Line => {
      return ['disk', `${diskId} ${sourceName}${isBootDisk ? ', starts the system' : ''}`];
    }),
    ...filesystems
      .filter(isEfiSystemPartition)
      .map(({ device }): Line => ['EFI system partition', sourceNameOf(device, facts)]),
    ...volumeGroups.map(({ name, missingDisks }): Line => {
      return ['LVM', missingDisks === 0 ? name : `${name}, ${missingDisks} physical volumes missing`];
    }),
    ...arrays.map(({ device, level }): Line => ['RAID', `${device} ${level}`]),
    ...btrfsFacts(facts),
    ['swap', swap.join(', ') || 'no partition'],
  ];
  const encrypted = encryptedVolumesOf(facts).map(({ device, type }): Line => {
    return ['encrypted', `${sourceNameOf(device, facts)} ${type}`];
  });
  return [...lines, ...encrypted];
}

function btrfsFacts({ filesystems }: GuestFacts): Line[] {
  const volumes = filesystems.filter(({ device }) => device.startsWith('btrfsvol:'));
  return volumes.map(({ device }): Line => ['btrfs subvolume', device.slice('btrfsvol:'.length)]);
}

function settingFacts(facts: GuestFacts): Line[] {
  const interfaces = findInterfaces(facts.files).map(({ system, name, usesDhcp }) => {
    return `${name ?? 'any'} ${usesDhcp ? 'by DHCP' : 'static'} (${system})`;
  });
  const tools = hypervisorToolsOf(facts).map(({ name }) => name);
  return [
    ['network', interfaces.join(', ') || 'none of a known kind'],
    ['cloud-init', cloudInitOf(facts)],
    ['hypervisor tools', tools.join(', ') || 'none'],
    ['SELinux', seLinuxOf(facts) ?? 'absent'],
    ...facts.spaces.map(({ mountPoint, freeBytes, totalBytes }): Line => {
      return [`free on ${mountPoint}`, `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)}`];
    }),
  ];
}
