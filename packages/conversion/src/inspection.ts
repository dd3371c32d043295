/** Everything conversion needs to know of a guest, as plain values. `guestfs-inspect.ts` fills it in. */
import { type DiskNames, parseDeviceName } from './device-names.ts';
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
  /** First 440 bytes of the boot disk hold code. */
  readonly hasBiosBootCode: boolean;
  readonly hasEfiPartition: boolean;
}

/** A guest that starts from its boot sector does so on BIOS firmware; one that cannot needs UEFI. */
export function bootModeOf(
  inspection: Pick<GuestInspection, 'hasBiosBootCode' | 'hasEfiPartition'>,
): 'LEGACY_BIOS' | 'UEFI' {
  return !inspection.hasBiosBootCode && inspection.hasEfiPartition ? 'UEFI' : 'LEGACY_BIOS';
}

export function parseOsRelease(text: string): GuestInspection['os'] {
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1];
  const id = field('ID') ?? 'linux';
  const versionId = field('VERSION_ID') ?? '';
  return { id, versionId, prettyName: field('PRETTY_NAME') ?? `${id} ${versionId}`.trim() };
}

/** libguestfs prints `device: type` lines; types it does not know are `unknown`. */
export function parseFilesystemList(output: string): { readonly device: string; readonly type: string }[] {
  return output.split('\n').flatMap((line) => {
    const match = /^(\S.*): (\S+)$/.exec(line.trim());
    return match === null ? [] : [{ device: match[1] ?? '', type: match[2] ?? 'unknown' }];
  });
}

/**
 * `lsblk -P` prints `KEY="value"` pairs, a line a device. The appliance's own disk, which comes after the
 * guest's, is left out, and so is what holds no filesystem.
 */
export function parseBlockDevices(output: string, disks: readonly DiskNames[]): Filesystem[] {
  return output.split('\n').flatMap((line): Filesystem[] => {
    const fields = new Map([...line.matchAll(/([A-Z]+)="([^"]*)"/g)].map((match) => [match[1], match[2]]));
    const device = fields.get('PATH') ?? '';
    const type = fields.get('FSTYPE') ?? '';
    const name = parseDeviceName(device);
    const isOurs = name === undefined || disks.some((disk) => disk.applianceName === name.disk);
    if (device === '' || type === '' || !isOurs) return [];
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

/** By its type in GPT or MBR. */
export function isEfiSystemPartition({ type, partType }: Filesystem): boolean {
  const isMarked = partType === EFI_SYSTEM_PARTITION || partType === '0xef';
  return type === 'vfat' && isMarked;
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
