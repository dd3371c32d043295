/**
 * The file systems of a guest, as its disks have them in the appliance. lsblk tells of all of them at once;
 * libguestfs's own listing starts several programs for each partition and each subvolume, which took two
 * minutes where this takes seconds, and leaves out what is encrypted. It is asked only where lsblk finds
 * nothing.
 */

import { applianceLabel } from '../appliance/appliance-disks.ts';
import type { GuestfsSession } from '../appliance/guestfs-session.ts';
import type { Filesystem, FstabEntry } from '../guest/fstab.ts';
import {
  type InspectedDisk,
  parseBlkid,
  parseBlockDevices,
  parseDiskLinks,
  parseFilesystemList,
} from '../guest/inspection.ts';

const LSBLK_COLUMNS = 'PATH,FSTYPE,UUID,LABEL,PARTUUID,PARTTYPE';
/** Snapshots are subvolumes as well, and some systems make one every hour. */
const SUBVOLUMES_MAX = 1024;

/** Each btrfs is followed by its subvolumes, which are mounted by names of their own. */
export async function listFilesystems(
  session: GuestfsSession,
  disks: readonly InspectedDisk[],
): Promise<Filesystem[]> {
  const volumes = await listBlockDevices(session, disks);
  if (volumes.length === 0) return await listThoroughly(session);
  const found: Filesystem[] = [];
  for (const volume of volumes) {
    // One that lies on several disks has the same subvolumes on each.
    const isKnown = found.some(({ type, uuid }) => type === 'btrfs' && isSame(uuid, volume.uuid));
    found.push(volume);
    if (volume.type === 'btrfs' && !isKnown) found.push(...(await listSubvolumes(session, volume)));
  }
  return found;
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one === other;
}

async function listBlockDevices(
  session: GuestfsSession,
  disks: readonly InspectedDisk[],
): Promise<Filesystem[]> {
  const links = await session.attempt('debug', 'sh', 'ls -l /dev/disk/guestfs');
  const labels = disks.map((_disk, index) => applianceLabel(index));
  const { output } = await session.attempt('debug', 'sh', `lsblk -P -o ${LSBLK_COLUMNS}`);
  return parseBlockDevices(output, parseDiskLinks(links.output, labels));
}

async function listSubvolumes(session: GuestfsSession, volume: Filesystem): Promise<Filesystem[]> {
  const { output } = await session.attempt('btrfs-subvolume-list', volume.device);
  const paths = parseSubvolumes(output).slice(0, SUBVOLUMES_MAX);
  return paths.map((path) => ({ ...volume, device: `btrfsvol:${volume.device}/${path}` }));
}

/** Blocks of fields, of which one is `btrfssubvolume_path: PATH`. */
export function parseSubvolumes(output: string): string[] {
  return [...output.matchAll(/^\s*btrfssubvolume_path: (.+)$/gm)].flatMap(([, path = '']) => path);
}

async function listThoroughly(session: GuestfsSession): Promise<Filesystem[]> {
  const filesystems: Filesystem[] = [];
  for (const { device, type } of parseFilesystemList(await session.must('list-filesystems'))) {
    const tags = parseBlkid((await session.attempt('blkid', volumeOf(device))).output);
    filesystems.push({
      device,
      type,
      uuid: tags.get('UUID'),
      label: tags.get('LABEL'),
      partUuid: tags.get('PART_ENTRY_UUID') ?? tags.get('PARTUUID'),
    });
  }
  return filesystems;
}

/**
 * `btrfsvol:/dev/sda2/@home` is a subvolume of `/dev/sda2`; of `/dev/vg/lv` in `btrfsvol:/dev/vg/lv/@home`.
 */
export function volumeOf(device: string): string {
  const path = device.replace(/^btrfsvol:/, '');
  if (path === device) return device;
  const partition = /^\/dev\/(?:sd[a-z]+\d*|md\d+)(?=\/)/.exec(path)?.[0];
  return partition ?? path.split('/').slice(0, 4).join('/');
}

/** Its path in its volume; empty: the volume itself, of which Linux mounts a subvolume of its choice. */
export function subvolumeOf(device: string): string {
  const volume = volumeOf(device);
  return volume === device ? '' : device.slice(`btrfsvol:${volume}/`.length);
}

/** What the appliance is told to mount for an entry of the guest's fstab, and with which options. */
export function mountSourceOf(
  { device, type }: Filesystem,
  entry: Pick<FstabEntry, 'options'>,
): { readonly device: string; readonly options: readonly string[] } {
  const subvolume = entry.options.find((option) => /^subvol(id)?=/.test(option));
  if (type !== 'btrfs' || subvolume === undefined) return { device, options: [] };
  return { device: volumeOf(device), options: [subvolume] };
}

/**
 * Whether a subvolume in which a root was found is the one that its own fstab names: one that was put aside
 * by going back to a snapshot looks like a root as well.
 */
export function isRootByItsFstab(device: string, table: readonly FstabEntry[]): boolean {
  const subvolume = subvolumeOf(device);
  const entry = table.find(({ mountPoint }) => mountPoint === '/');
  if (subvolume === '' || entry === undefined) return true;
  if (entry.options.some((option) => option.startsWith('subvolid='))) return true;
  const named = entry.options.find((option) => option.startsWith('subvol='));
  return named?.slice('subvol='.length).replace(/^\//, '') === subvolume;
}
