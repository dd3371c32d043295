/**
 * The volumes on a disk that the running kernel has in use: partitions, or the whole disk where a file system
 * lies on it without a partition table. A partition table on the disk is not read: what counts is where the
 * kernel took each volume to begin and end when it mounted it.
 */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { type Extent, overlaps } from '@landfall/block';
import { systemErrorCode } from '@landfall/runtime';
import { type MountedFileSystem, parseMounts, parseSwaps } from './volume-listing.ts';

export interface LinuxVolume {
  /** `/dev/vda1` */
  readonly devicePath: string;
  /** `MAJOR:MINOR` */
  readonly device: string;
  /** On its disk. */
  readonly extent: Extent;
  /** Another volume has a part of it too. */
  readonly isShared: boolean;
  readonly use: MountedFileSystem | 'SWAP' | undefined;
}

const SECTOR_BYTES = 512;

/** `diskName`: as in /sys/block. */
export function volumesOf(diskName: string): readonly LinuxVolume[] {
  const folder = `/sys/block/${diskName}`;
  const partitions = readdirSync(folder).filter((name) => exists(`${folder}/${name}/partition`));
  const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const swaps = parseSwaps(readFileSync('/proc/swaps', 'utf8')).map(resolve);
  const names = [diskName, ...partitions];
  const found = names.map((name) => {
    const place = name === diskName ? folder : `${folder}/${name}`;
    return volumeAt(name, place, { mounts, swaps });
  });
  const [whole, ...parts] = found;
  if (whole === undefined) return [];
  const volumes = parts.length === 0 || whole.use !== undefined ? [whole, ...parts] : parts;
  return volumes.map((volume) => ({ ...volume, isShared: isShared(volume, volumes) }));
}

/** Whether `path` lies on the file system of that device: not one mounted over it since. */
export function isMountedAt(path: string, device: string): boolean {
  try {
    return deviceNumbers(statSync(path).dev) === device;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

/** Whether the node at `devicePath` is that device's. */
export function isNodeOf(devicePath: string, device: string): boolean {
  try {
    const stat = statSync(devicePath);
    return stat.isBlockDevice() && deviceNumbers(stat.rdev) === device;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

function volumeAt(
  name: string,
  folder: string,
  { mounts, swaps }: { readonly mounts: readonly MountedFileSystem[]; readonly swaps: readonly string[] },
): LinuxVolume {
  const devicePath = `/dev/${name.replaceAll('!', '/')}`;
  const device = readFileSync(`${folder}/dev`, 'utf8').trim();
  const offsetBytes = exists(`${folder}/start`) ? sectors(`${folder}/start`) : 0;
  const extent = { offsetBytes, lengthBytes: sectors(`${folder}/size`) };
  const mount = mounts.find((one) => one.device === device && isMountedAt(one.mountPoint, device));
  const use = mount ?? (swaps.includes(devicePath) ? 'SWAP' : undefined);
  return { devicePath, device, extent, isShared: false, use };
}

function isShared({ device, extent }: LinuxVolume, volumes: readonly LinuxVolume[]): boolean {
  return volumes.some((other) => other.device !== device && overlaps(other.extent, extent));
}

function sectors(path: string): number {
  return Number(readFileSync(path, 'utf8')) * SECTOR_BYTES;
}

/** As the C library packs the numbers of a device. */
function deviceNumbers(packed: number): string {
  const low = packed % 2 ** 32;
  const high = Math.floor(packed / 2 ** 32);
  const major = ((low >>> 8) & 0xfff) | (high & ~0xfff);
  const minor = (low & 0xff) | ((low >>> 12) & 0xff_ff00);
  return `${major}:${minor}`;
}

function resolve(path: string): string {
  return exists(path) ? realpathSync(path) : path;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
