/** Everything conversion needs to know of a guest, as plain values; `inspect` fills it in. */
import { applianceDiskName, type DiskNames, formatDeviceName, parseDeviceName } from './device-names.ts';
import type { Filesystem } from './fstab.ts';
import type { InitramfsContent } from './initramfs.ts';
import type { KernelModules } from './kernel-modules.ts';

const EFI_SYSTEM_PARTITION = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';

export interface InspectedDisk extends DiskNames {
  readonly diskId: string;
  readonly isBootDisk: boolean;
}

export interface InspectedKernel {
  readonly version: string;
  readonly modules: KernelModules;
  readonly modulesFolder: string;
  /** Index files of depmod beside the modules, by name. */
  readonly indexFiles: readonly string[];
  readonly initramfs: InspectedInitramfs | undefined;
}

export interface InspectedInitramfs {
  readonly path: string;
  /** `undefined`: compressed in a way this host cannot read. */
  readonly content: InitramfsContent | undefined;
}

export type InitramfsBuilder = 'initramfs-tools' | 'dracut' | 'unknown';

export interface GuestInspection {
  readonly disks: readonly InspectedDisk[];
  readonly filesystems: readonly Filesystem[];
  readonly root: Filesystem;
  /** Fields of /etc/os-release. */
  readonly os: { readonly id: string; readonly versionId: string; readonly prettyName: string };
  /** Newest first. */
  readonly kernels: readonly InspectedKernel[];
  readonly initramfsBuilder: InitramfsBuilder;
  /** Text of the configuration files that are there, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths that are there, of those that were asked for. */
  readonly present: ReadonlySet<string>;
  /** Where those of the links that were asked for point to. */
  readonly links: ReadonlyMap<string, string>;
  /** First 440 bytes of the boot disk hold code. */
  readonly hasBiosBootCode: boolean;
  readonly hasEfiPartition: boolean;
}

/** A system that is not Linux. Nothing of ours is done in it, and no agent of ours can be in it. */
export interface ForeignSystem
  extends Pick<GuestInspection, 'disks' | 'filesystems' | 'hasBiosBootCode' | 'hasEfiPartition'> {
  readonly family: 'WINDOWS' | 'OTHER';
  /** As people call it. */
  readonly prettyName: string;
}

export function isForeign(found: GuestInspection | ForeignSystem): found is ForeignSystem {
  return 'family' in found;
}

/** What a system is by its file systems; `undefined`: that of Linux, or none that is known. */
export function foreignFamily(
  filesystems: readonly Filesystem[],
): Pick<ForeignSystem, 'family' | 'prettyName'> | undefined {
  const types = new Set(filesystems.map(({ type }) => type));
  // One whose root is damaged may have data of another system beside it, and an agent of ours in it.
  if ([...types].some((type) => LINUX_TYPES.test(type))) return undefined;
  if (types.has('ntfs')) return { family: 'WINDOWS', prettyName: 'Windows' };
  const [found] = FOREIGN_TYPES.filter(([type]) => types.has(type));
  return found && { family: 'OTHER', prettyName: found[1] };
}

const LINUX_TYPES = /^(ext[234]|xfs|btrfs|f2fs|jfs|reiserfs|swap|LVM2_member|linux_raid_member|zfs_member)$/;
/** File systems that Linux is never started from. */
const FOREIGN_TYPES = [
  ['ufs', 'BSD or Solaris (UFS)'],
  ['hpfs', 'OS/2 (HPFS)'],
  ['apfs', 'macOS (APFS)'],
  ['hfsplus', 'macOS (HFS+)'],
  ['VMFS', 'VMware ESXi (VMFS)'],
] as const;

/** What boot loaders for BIOS firmware keep beside the kernel, for which their boot sector looks. */
const BIOS_LOADERS = [
  ...['/boot/grub/i386-pc', '/boot/grub2/i386-pc', '/boot/grub/stage1', '/boot/grub/stage2'],
  ...['/boot/extlinux', '/boot/extlinux.conf', '/boot/syslinux', '/boot/ldlinux.sys', '/etc/lilo.conf'],
] as const;
/** One pattern for all: each takes its time in an appliance. */
export const BIOS_LOADER_PRESENCE = `/{${BIOS_LOADERS.map((path) => path.slice(1)).join(',')}}`;

/**
 * The guess, where nobody has told by which firmware the source starts. What starts from its boot sector does
 * so on BIOS firmware; a sector without code needs UEFI, and one whose code is left over from before the
 * system: it finds no loader for BIOS. Of a system that is not Linux loaders are not known.
 */
export function bootModeOf(
  inspection: Pick<GuestInspection, 'hasBiosBootCode' | 'hasEfiPartition'> &
    Partial<Pick<GuestInspection, 'present'>>,
): 'LEGACY_BIOS' | 'UEFI' {
  const { hasBiosBootCode, hasEfiPartition, present } = inspection;
  if (!hasEfiPartition) return 'LEGACY_BIOS';
  const isLeftOver = present !== undefined && !BIOS_LOADERS.some((path) => present.has(path));
  return hasBiosBootCode && !isLeftOver ? 'LEGACY_BIOS' : 'UEFI';
}

export function parseOsRelease(text: string): GuestInspection['os'] {
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1];
  const id = field('ID') ?? 'linux';
  const versionId = field('VERSION_ID') ?? '';
  return { id, versionId, prettyName: field('PRETTY_NAME') ?? `${id} ${versionId}`.trim() };
}

/** Systems of before /etc/os-release name themselves in a file of their own. */
export function readOs(files: ReadonlyMap<string, string>): GuestInspection['os'] {
  const release = files.get('/etc/os-release') ?? files.get('/usr/lib/os-release');
  if (release !== undefined) return parseOsRelease(release);
  for (const [path, id] of RELEASE_FILES) {
    const [prettyName] = files.get(path)?.split('\n') ?? [];
    if (prettyName === undefined) continue;
    return { id, versionId: /\d+(\.\d+)*/.exec(prettyName)?.[0] ?? '', prettyName };
  }
  return parseOsRelease('');
}

const RELEASE_FILES = [
  ['/etc/redhat-release', 'rhel'],
  ['/etc/SuSE-release', 'sles'],
] as const;

/** libguestfs prints `device: type` lines; types it does not know are `unknown`. */
export function parseFilesystemList(output: string): { readonly device: string; readonly type: string }[] {
  return output.split('\n').flatMap((line) => {
    const match = /^(\S.*): (\S+)$/.exec(line.trim());
    return match === null ? [] : [{ device: match[1] ?? '', type: match[2] ?? 'unknown' }];
  });
}

/**
 * The names that libguestfs has for the guest's disks, by those of the appliance's kernel, which are others
 * where it found the disks in another order. From `ls -l /dev/disk/guestfs`: `diskb -> ../../sdc` is the
 * second disk.
 */
export function parseDiskLinks(output: string, labels: readonly string[]): ReadonlyMap<string, string> {
  const links = [...output.matchAll(/ (\w+) -> \.\.\/\.\.\/(\w+)$/gm)];
  return new Map(
    links.flatMap(([, label = '', kernelName = '']): [string, string][] => {
      const index = labels.indexOf(label);
      return index < 0 ? [] : [[`/dev/${kernelName}`, applianceDiskName(index)]];
    }),
  );
}

/**
 * `lsblk -P` prints `KEY="value"` pairs, a line a device, in the kernel's names. A disk that `diskNames` does
 * not have is the appliance's own and is left out, and so is what holds no filesystem.
 */
export function parseBlockDevices(output: string, diskNames: ReadonlyMap<string, string>): Filesystem[] {
  return output.split('\n').flatMap((line): Filesystem[] => {
    const fields = new Map([...line.matchAll(/([A-Z]+)="([^"]*)"/g)].map((match) => [match[1], match[2]]));
    const device = translateName(fields.get('PATH') ?? '', diskNames);
    const type = fields.get('FSTYPE') ?? '';
    if (device === undefined || device === '' || type === '') return [];
    const tag = (key: string) => fields.get(key) || undefined;
    const partType = tag('PARTTYPE');
    return [
      {
        ...{ device, type, uuid: tag('UUID'), label: tag('LABEL'), partUuid: tag('PARTUUID') },
        ...(partType === undefined ? {} : { partType }),
      },
    ];
  });
}

/** Nothing for a disk that is not the guest's. What is no disk or partition has the same name everywhere. */
function translateName(path: string, diskNames: ReadonlyMap<string, string>): string | undefined {
  const name = parseDeviceName(path);
  if (name === undefined) return path;
  const disk = diskNames.get(name.disk);
  return disk === undefined ? undefined : formatDeviceName({ ...name, disk });
}

/** By its type in GPT or MBR. */
export function isEfiSystemPartition({ type, partType }: Filesystem): boolean {
  const isMarked = partType === EFI_SYSTEM_PARTITION || partType === '0xef';
  return type === 'vfat' && isMarked;
}

/** As a whole: what is inside has no name before it is opened. */
export function isEncrypted({ type }: Filesystem): boolean {
  return type === 'crypto_LUKS' || type === 'BitLocker';
}

/** libguestfs prints `KEY: value` lines for one device. */
export function parseBlkid(output: string): ReadonlyMap<string, string> {
  const pairs = output.split('\n').flatMap((line): [string, string][] => {
    const match = /^([A-Z_]+): (.*)$/.exec(line);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? '']];
  });
  return new Map(pairs);
}

/** Newest first, as bootloaders order kernels: runs of digits compare as numbers. */
export function compareVersionsDescending(left: string, right: string): number {
  return right.localeCompare(left, 'en', { numeric: true });
}
