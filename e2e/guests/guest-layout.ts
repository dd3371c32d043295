/**
 * Where everything of a guest lies: partitions, volumes, and the three names of each (in the appliance that
 * builds it, to the guest's own kernel, by UUID). Pure.
 */
import { createHash } from 'node:crypto';
import { MIB } from '../../packages/runtime/src/index.ts';
import { deviceNameOf, type FilesystemType, type GuestRow } from './guest-row.ts';

export const SECTOR_BYTES = 512;
export const ROOT_DISK_BYTES = 1600 * MIB;
/** XFS takes no less than 300 MiB. */
export const DATA_DISK_BYTES = 320 * MIB;
export const VOLUME_GROUP = 'vg0';
export const BTRFS_ROOT = '@rootfs';

const MIB_SECTORS = MIB / SECTOR_BYTES;
const ESP_MIB = 40;
const BOOT_MIB = 200;
const SWAP_MIB = 64;

export interface Partition {
  readonly disk: number;
  readonly number: number;
  readonly startSector: number;
  readonly endSector: number;
  readonly holds: 'ESP' | 'BOOT' | 'ROOT' | 'LVM' | 'SWAP' | 'DATA';
}

export interface Volume {
  readonly type: FilesystemType | 'vfat' | 'swap';
  /** `none` for swap. */
  readonly mountPoint: string;
  readonly uuid: string;
  /** In the appliance. */
  readonly applianceDevice: string;
  /** As the guest's own configuration names it. */
  readonly source: string;
  readonly options: string;
}

export interface GuestLayout {
  readonly partitions: readonly Partition[];
  /** A mount point comes after the one it lies in. */
  readonly volumes: readonly Volume[];
}

export function layOut(row: GuestRow): GuestLayout {
  const partitions = [...rootDiskPartitions(row), ...row.dataDisks.flatMap(dataPartition)];
  return { partitions, volumes: [...rootVolumes(row, partitions), ...dataVolumes(row)] };
}

/** libguestfs takes letters only. */
export function applianceLabel(index: number): string {
  return `guest${'abcdefghijklmnop'[index]}`;
}

/** By label: on a busy machine the appliance may find its disks in another order than they were given. */
export function applianceDevice(index: number, partition?: number): string {
  return `/dev/disk/guestfs/${applianceLabel(index)}${partition ?? ''}`;
}

function rootDiskPartitions(row: GuestRow): Partition[] {
  const sizes: [Partition['holds'], number | undefined][] = [
    ...(row.firmware === 'UEFI' ? ([['ESP', ESP_MIB]] as const) : []),
    ...(row.hasSeparateBoot ? ([['BOOT', BOOT_MIB]] as const) : []),
    ...(row.hasLvm ? ([['LVM', undefined]] as const) : ([['ROOT', undefined]] as const)),
    ...(row.hasLvm ? [] : ([['SWAP', SWAP_MIB]] as const)),
  ].map(([holds, size]) => [holds, size]);
  // A gap of 1 MiB at each end: for GRUB's core image, and for the second table of GPT.
  const wholeMib = ROOT_DISK_BYTES / MIB - 2;
  const fixedMib = sizes.reduce((sum, [, size]) => sum + (size ?? 0), 0);
  let startMib = 1;
  return sizes.map(([holds, size], index) => {
    const sizeMib = size ?? wholeMib - fixedMib;
    const startSector = startMib * MIB_SECTORS;
    startMib += sizeMib;
    return { disk: 0, number: index + 1, startSector, endSector: startMib * MIB_SECTORS - 1, holds };
  });
}

function dataPartition({ isPartitioned }: GuestRow['dataDisks'][number], index: number): Partition[] {
  const endSector = DATA_DISK_BYTES / SECTOR_BYTES - MIB_SECTORS - 1;
  const extent = { startSector: MIB_SECTORS, endSector };
  return isPartitioned ? [{ disk: index + 1, number: 1, ...extent, holds: 'DATA' }] : [];
}

function rootVolumes(row: GuestRow, partitions: readonly Partition[]): Volume[] {
  const at = (holds: Partition['holds']) => partitions.find((each) => each.holds === holds)?.number ?? 0;
  const plain = (holds: Partition['holds'], volume: Pick<Volume, 'type' | 'mountPoint' | 'options'>) =>
    volumeOn(row, { disk: 0, partition: at(holds) }, volume);
  const logical = (name: string, volume: Pick<Volume, 'type' | 'mountPoint' | 'options'>): Volume => ({
    ...{ ...volume, uuid: uuidOf(row, `${VOLUME_GROUP}/${name}`) },
    ...{ applianceDevice: `/dev/${VOLUME_GROUP}/${name}`, source: `/dev/mapper/${VOLUME_GROUP}-${name}` },
  });
  const options = row.root === 'btrfs' ? `defaults,subvol=${BTRFS_ROOT}` : 'defaults';
  const root = { type: row.root, mountPoint: '/', options };
  const swap = { type: 'swap', mountPoint: 'none', options: 'sw' } as const;
  const boot = { type: 'ext4', mountPoint: '/boot', options: 'defaults' } as const;
  const efi = { type: 'vfat', mountPoint: '/boot/efi', options: 'umask=0077' } as const;
  return [
    row.hasLvm ? logical('root', root) : plain('ROOT', root),
    ...(row.hasSeparateBoot ? [plain('BOOT', boot)] : []),
    ...(row.firmware === 'UEFI' ? [plain('ESP', efi)] : []),
    row.hasLvm ? logical('swap', swap) : plain('SWAP', swap),
  ];
}

function dataVolumes(row: GuestRow): Volume[] {
  return row.dataDisks.map(({ type, isPartitioned }, index) => {
    const mountPoint = `/srv/data-${index + 1}`;
    const place = { disk: index + 1, ...(isPartitioned ? { partition: 1 } : {}) };
    return volumeOn(row, place, { type, mountPoint, options: 'defaults' });
  });
}

function volumeOn(
  row: GuestRow,
  { disk, partition }: { readonly disk: number; readonly partition?: number },
  volume: Pick<Volume, 'type' | 'mountPoint' | 'options'>,
): Volume {
  const hardwareName = deviceNameOf(row, disk, partition);
  const uuid = volume.type === 'vfat' ? serialOf(row) : uuidOf(row, `${disk}/${partition ?? 'whole'}`);
  return {
    ...{ ...volume, uuid },
    applianceDevice: applianceDevice(disk, partition),
    source: row.namesDevicesBy === 'HARDWARE' ? hardwareName : `UUID=${uuid}`,
  };
}

function digestOf(row: GuestRow, what: string): string {
  return createHash('sha256').update(`${row.name}/${what}`).digest('hex');
}

function uuidOf(row: GuestRow, what: string): string {
  const digest = digestOf(row, what);
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `4${digest.slice(13, 16)}`];
  return [...parts, `8${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-');
}

/** As blkid writes the serial number of a FAT file system. */
function serialOf(row: GuestRow): string {
  const digest = digestOf(row, 'ESP').toUpperCase();
  return `${digest.slice(0, 4)}-${digest.slice(4, 8)}`;
}
