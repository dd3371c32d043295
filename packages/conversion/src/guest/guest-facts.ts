/**
 * What a preflight knows of a guest beyond what its conversion needs, as plain values, and what follows from
 * them. `guestfs-facts.ts` fills it in; a guest without a readable root has disks all the same.
 */
import { type CrypttabEntry, parseCrypttab } from './crypttab.ts';
import { type Filesystem, findFilesystem } from './fstab.ts';
import { hasModule, normalizeModuleName } from './initramfs.ts';
import { type InspectedDisk, type InspectedKernel, isEncrypted } from './inspection.ts';
import { knowsModule, withNeeded } from './kernel-modules.ts';

export interface GuestFacts {
  readonly disks: readonly InspectedDisk[];
  readonly filesystems: readonly Filesystem[];
  readonly volumeGroups: readonly VolumeGroup[];
  /** Software RAID, by lsblk's word for its level. */
  readonly arrays: readonly { readonly device: string; readonly level: string }[];
  /** Of the boot disk. */
  readonly hasBiosBootCode: boolean;
  /** Text of configuration files that are there, by path; empty without a root. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths that are there, of those that were asked for; empty without a root. */
  readonly present: ReadonlySet<string>;
  /** Of the mounted filesystems; empty without a root. */
  readonly spaces: readonly MountedSpace[];
}

export interface VolumeGroup {
  readonly name: string;
  readonly missingDisks: number;
}

export interface MountedSpace {
  readonly mountPoint: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export type Bootloader = 'GRUB 2' | 'GRUB Legacy' | 'systemd-boot' | 'EXTLINUX' | 'SYSLINUX';

const BOOTLOADERS: readonly (readonly [Bootloader, RegExp])[] = [
  ['GRUB 2', /^\/boot\/(grub2?|efi\/EFI\/[^/]+)\/grub\.cfg$/],
  ['GRUB Legacy', /^\/boot\/grub\/menu\.lst$/],
  ['systemd-boot', /\/EFI\/systemd\/systemd-boot\w+\.efi$/],
  ['EXTLINUX', /^\/boot\/extlinux\/extlinux\.conf$/],
  ['SYSLINUX', /^\/boot\/syslinux\/syslinux\.cfg$/],
];

export function bootloadersOf({ present }: GuestFacts): Bootloader[] {
  const paths = [...present];
  return BOOTLOADERS.flatMap(([name, pattern]) => (paths.some((path) => pattern.test(path)) ? [name] : []));
}

export interface HypervisorTools {
  readonly name: string;
  readonly hypervisor: string;
  /** Absent: they were not installed as a package. */
  readonly packageName?: string;
}

const TOOLS: readonly (HypervisorTools & { readonly path: RegExp })[] = [
  {
    name: 'VMware Tools',
    hypervisor: 'VMware',
    path: /^\/(usr\/bin\/vmware-uninstall-tools\.pl|etc\/vmware-tools\/locations)$/,
  },
  {
    ...{ name: 'open-vm-tools', hypervisor: 'VMware', packageName: 'open-vm-tools' },
    path: /^\/usr\/bin\/vmtoolsd$/,
  },
  {
    ...{ name: 'hyperv-daemons', hypervisor: 'Hyper-V', packageName: 'hyperv-daemons' },
    path: /\/hv_kvp_daemon$/,
  },
  {
    ...{ name: 'xe-guest-utilities', hypervisor: 'Xen', packageName: 'xe-guest-utilities' },
    path: /\/xe-daemon$/,
  },
  { name: 'VirtualBox Guest Additions', hypervisor: 'VirtualBox', path: /\/VBoxService$/ },
  {
    ...{ name: 'qemu-guest-agent', hypervisor: 'QEMU', packageName: 'qemu-guest-agent' },
    path: /\/qemu-ga$/,
  },
];

/** VMware's own tools bring the program that is open-vm-tools' only mark. */
export function hypervisorToolsOf({ present }: GuestFacts): HypervisorTools[] {
  const paths = [...present];
  const found = TOOLS.filter(({ path }) => paths.some((each) => path.test(each)));
  const isProprietary = found.some(({ name }) => name === 'VMware Tools');
  return found
    .filter(({ name }) => !(isProprietary && name === 'open-vm-tools'))
    .map(({ path: _path, ...tools }) => tools);
}

export interface EncryptedVolume {
  readonly device: string;
  readonly type: string;
  /** OPENS: by a key file in the guest. ASKS: holds up the start. CLOSED: nothing opens it at the start. */
  readonly atStart: 'OPENS' | 'ASKS' | 'CLOSED';
}

/** Data volumes too; which of them is root's cannot be told from outside. */
export function encryptedVolumesOf(facts: GuestFacts): EncryptedVolume[] {
  const table = parseCrypttab(facts.files.get('/etc/crypttab') ?? '');
  return facts.filesystems.filter(isEncrypted).map((volume) => {
    const entry = table.find(({ source }) => findFilesystem(source, facts)?.device === volume.device);
    const atStart = entry === undefined ? 'CLOSED' : openingOf(entry, facts.present);
    return { device: volume.device, type: volume.type, atStart };
  });
}

function openingOf(
  { key, options }: CrypttabEntry,
  present: ReadonlySet<string>,
): 'OPENS' | 'ASKS' | 'CLOSED' {
  if (options.some((option) => option === 'noauto' || option === 'nofail')) return 'CLOSED';
  // A key in a TPM or a token stays with the hardware of the source.
  const isBound = options.some((option) => /^(tpm2|fido2|pkcs11)-/.test(option));
  return !isBound && present.has(key) ? 'OPENS' : 'ASKS';
}

export function seLinuxOf({ files }: GuestFacts): 'enforcing' | 'permissive' | 'disabled' | undefined {
  const mode = /^\s*SELINUX=(\w+)/m.exec(files.get('/etc/selinux/config') ?? '')?.[1];
  return mode === 'enforcing' || mode === 'permissive' || mode === 'disabled' ? mode : undefined;
}

export type CloudInitNetwork = 'absent' | 'writes the network' | 'leaves the network alone';

export function cloudInitOf({ files, present }: GuestFacts): CloudInitNetwork {
  if (!present.has('/etc/cloud/cloud.cfg') || present.has('/etc/cloud/cloud-init.disabled')) return 'absent';
  const disabled = /^\s*network:\s*(\{\s*config:\s*disabled\s*\}|\n\s+config:\s*disabled)/m;
  const settings = [...files].filter(([path]) => path.startsWith('/etc/cloud/'));
  return settings.some(([, text]) => disabled.test(text)) ? 'leaves the network alone' : 'writes the network';
}

/** Where a kernel finds a driver before root is there. */
export type DriverPlace = 'built in' | 'in initramfs' | 'not in initramfs' | 'not there' | 'unknown';

export function driverPlace({ modules, initramfs }: InspectedKernel, name: string): DriverPlace {
  if (modules.builtIn.has(normalizeModuleName(name))) return 'built in';
  if (!knowsModule(modules, name)) return 'not there';
  if (initramfs === undefined) return 'not in initramfs';
  const { content } = initramfs;
  if (content === undefined) return 'unknown';
  const isInside = withNeeded(modules, name).every((each) => hasModule(content, each));
  return isInside ? 'in initramfs' : 'not in initramfs';
}

/** The filesystem that a path lies on, of those that are mounted. */
export function spaceOf({ spaces }: GuestFacts, path: string): MountedSpace | undefined {
  const holds = ({ mountPoint }: MountedSpace) =>
    mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
  return spaces.filter(holds).toSorted((one, other) => other.mountPoint.length - one.mountPoint.length)[0];
}

/** `vgs`: name and number, a line each; warnings are among them. */
export function parseVolumeGroups(output: string): VolumeGroup[] {
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\S+)\s+(\d+)\s*$/.exec(line);
    return match === null ? [] : [{ name: match[1] ?? '', missingDisks: Number(match[2]) }];
  });
}

/** lsblk lists an array once for each of its members. */
export function parseArrays(output: string): { device: string; level: string }[] {
  const found = [...output.matchAll(/PATH="([^"]+)" TYPE="(raid\d+|linear|md)"/g)];
  return [...new Map(found.map((match) => [match[1] ?? '', match[2] ?? ''] as const))].map(
    ([device, level]) => ({ device, level }),
  );
}

/** libguestfs prints the fields of statvfs(3), a line each. */
export function parseStatvfs(mountPoint: string, output: string): MountedSpace | undefined {
  const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(output)?.[1]);
  const blockBytes = field('frsize') || field('bsize');
  const freeBytes = blockBytes * field('bavail');
  const totalBytes = blockBytes * field('blocks');
  const isRead = Number.isSafeInteger(freeBytes) && Number.isSafeInteger(totalBytes);
  return isRead ? { mountPoint, freeBytes, totalBytes } : undefined;
}
