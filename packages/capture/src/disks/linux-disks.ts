/**
 * The disks of this Linux machine, from /sys/block. A disk can be tracked when its driver is request-based
 * (it has an `mq` folder): only such devices emit the events the tracker lives on (`trackability.ts`).
 * Device-mapper, md, LVM and LUKS are tracked at the disks below them.
 */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { OperationError, systemErrorCode } from '@landfall/runtime';
import {
  type DiskFacts,
  type DiskPurpose,
  type Refusal,
  whyNotDiscovered,
  whyNotFit,
  whyNotTaken,
} from './trackability.ts';

export interface LinuxDisk {
  /** `vda` */
  readonly name: string;
  /** `/dev/vda` */
  readonly deviceName: string;
  readonly sizeBytes: number;
  /** The kernel's dev_t: major << 20 | minor. */
  readonly kernelDevice: number;
  readonly isBootDisk: boolean;
}

const FOLDER = '/sys/block';

/**
 * The whole disks of this machine that can be tracked, or at least scanned, without loop, ram, optical and
 * stacked devices; boot disk first. `folder`: /sys/block, or a copy of it.
 */
export function discoverDisks(purpose: DiskPurpose, folder = FOLDER): LinuxDisk[] {
  const disks = readdirSync(folder)
    .filter((name) => whyLeftOut(name, purpose, folder) === undefined)
    .map((name) => diskNamed(name, folder))
    .filter(({ sizeBytes }) => sizeBytes > 0);
  return disks.toSorted(
    (left, right) => Number(right.isBootDisk) - Number(left.isBootDisk) || compare(left.name, right.name),
  );
}

export interface LeftOutDisk {
  readonly deviceName: string;
  readonly why: string;
  /** Absent where `why` says all there is. */
  readonly remedy?: string;
}

/** Devices with a medium that are not taken by themselves, and why. `folder` as above. */
export function leftOutDisks(purpose: DiskPurpose, folder = FOLDER): readonly LeftOutDisk[] {
  return readdirSync(folder).flatMap((name) => {
    const reason = whyLeftOut(name, purpose, folder);
    const { deviceName, sizeBytes } = diskNamed(name, folder);
    return reason === undefined || sizeBytes === 0 ? [] : [{ deviceName, ...reason }];
  });
}

/** The facts of a device that its name leaves out are not looked at: it may be going at this moment. */
function whyLeftOut(
  name: string,
  purpose: DiskPurpose,
  folder: string,
): Omit<LeftOutDisk, 'deviceName'> | undefined {
  const why = whyNotDiscovered(name);
  return why === undefined ? whyNotTaken(diskFactsAt(name, folder), purpose) : { why };
}

/**
 * The disk at a device path, to be tracked or only read. Errors: DISK_NOT_FOUND, DISK_NOT_TRACKABLE, each
 * with what to do.
 */
export function diskAt(devicePath: string, purpose: DiskPurpose = 'track'): LinuxDisk {
  const name = kernelNameOf(devicePath);
  const whole = wholeDiskOf(name);
  if (whole === undefined) {
    throw notFound(devicePath, 'it is not a block device of this machine');
  }
  if (whole !== name) {
    throw notTrackable(devicePath, 'it is a partition', `name the whole disk: /dev/${devNodeOf(whole)}`);
  }
  const refusal: Refusal | undefined = whyNotFit(diskFactsAt(name), purpose);
  if (refusal !== undefined) throw notTrackable(devicePath, refusal.why, refusal.remedy);
  const disk = diskNamed(name);
  if (disk.sizeBytes === 0) {
    throw notFound(devicePath, 'it has no medium (its size is 0)');
  }
  return disk;
}

export interface DiskCounters {
  /**
   * Requests with the driver now that may change the disk; `undefined` when the kernel does not count them.
   */
  writesInFlight(): number | undefined;
  /** Sectors written since boot, discards excluded; `undefined` likewise. */
  sectorsWritten(): number | undefined;
  /**
   * Changes with every write and discard that ends; `undefined` while one is under way, or when the kernel
   * does not count.
   */
  writeMark(): string | undefined;
}

/** The kernel's own statistics of a disk, to hold the trace against. */
export function countersOf(disk: LinuxDisk): DiskCounters {
  const isCounted = () => attribute(disk.name, 'queue/iostats') === '1';
  return {
    writesInFlight: () => (isCounted() ? numberAt(attribute(disk.name, 'inflight'), 1) : undefined),
    sectorsWritten: () => (isCounted() ? numberAt(attribute(disk.name, 'stat'), 6) : undefined),
    writeMark: () => (isCounted() ? writeMarkOf(disk.name) : undefined),
  };
}

/**
 * Documentation/block/stat.rst: writes completed, sectors written, discards completed, sectors discarded. In
 * flight is looked at on both sides of it, so that a write that ends between the two looks is not missed.
 */
function writeMarkOf(name: string): string | undefined {
  const isBusy = () => numberAt(attribute(name, 'inflight'), 1) !== 0;
  if (isBusy()) return undefined;
  const fields = attribute(name, 'stat')?.split(/\s+/) ?? [];
  if (isBusy()) return undefined;
  return [4, 6, 11, 13].map((index) => fields[index] ?? '').join(' ');
}

function diskNamed(name: string, folder = FOLDER): LinuxDisk {
  const [major = 0, minor = 0] = (attribute(name, 'dev', folder) ?? '0:0').split(':').map(Number);
  return {
    name,
    deviceName: `/dev/${devNodeOf(name)}`,
    sizeBytes: (numberAt(attribute(name, 'size', folder), 0) ?? 0) * 512,
    kernelDevice: major * 2 ** 20 + minor,
    isBootDisk: rootDisks().has(name),
  };
}

/** `folder`: /sys/block, or a copy of it. */
export function diskFactsAt(name: string, folder = FOLDER): DiskFacts {
  const read = (path: string) => readIfExists(`${folder}/${name}/${path}`);
  return {
    name,
    isHidden: read('hidden') === '1',
    isRequestBased: readdirSync(`${folder}/${name}`).includes('mq'),
    zoned: read('queue/zoned') ?? 'none',
    isDax: read('queue/dax') === '1',
    below: slavesOf(name, folder),
  };
}

function slavesOf(name: string, folder = FOLDER): string[] {
  try {
    return readdirSync(`${folder}/${name}/slaves`);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The disks the root file system lies on, through partitions and stacked devices. */
function rootDisks(): Set<string> {
  const disks = new Set<string>();
  const root = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .findLast((fields) => fields[4] === '/');
  const source = root?.[(root.indexOf('-') ?? 0) + 2];
  const device =
    resolveIfExists(`/sys/dev/block/${root?.[2]}`) ?? (source?.startsWith('/dev/') ? source : undefined);
  if (device !== undefined) addDisksBelow(basename(device), disks);
  return disks;
}

/**
 * The names of the whole disks that a file system lies on, by its device (`MAJOR:MINOR`), or its source where
 * that is none of a disk (btrfs). Of a btrfs over several disks, the one it was mounted by.
 */
export function disksBelow(device: string, source: string): ReadonlySet<string> {
  const disks = new Set<string>();
  const named = source.startsWith('/dev/') ? source : undefined;
  const found = resolveIfExists(`/sys/dev/block/${device}`) ?? (named && resolveIfExists(named));
  if (found !== undefined) addDisksBelow(basename(found), disks);
  return disks;
}

const STACK_DEPTH_MAX = 16;

function addDisksBelow(name: string, disks: Set<string>, depth = 0): void {
  const whole = wholeDiskOf(name);
  if (whole === undefined || depth > STACK_DEPTH_MAX) return;
  const below = slavesOf(whole);
  if (below.length === 0) disks.add(whole);
  for (const slave of below) addDisksBelow(slave, disks, depth + 1);
}

function kernelNameOf(devicePath: string): string {
  const resolved = resolveIfExists(devicePath);
  if (resolved === undefined) throw notFound(devicePath, 'there is no such device');
  return basename(resolved);
}

/** The whole disk a disk or partition belongs to. */
function wholeDiskOf(name: string): string | undefined {
  const folder = resolveIfExists(`/sys/class/block/${name}`);
  if (folder === undefined) return undefined;
  const isPartition = readdirSync(folder).includes('partition');
  return basename(isPartition ? folder.slice(0, folder.lastIndexOf('/')) : folder);
}

function resolveIfExists(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Device nodes with a slash are written with `!` in sysfs (`cciss!c0d0`). */
function devNodeOf(name: string): string {
  return name.replaceAll('!', '/');
}

function attribute(name: string, path: string, folder = FOLDER): string | undefined {
  return readIfExists(`${folder}/${name}/${path}`);
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function numberAt(text: string | undefined, index: number): number | undefined {
  const word = text?.split(/\s+/)[index];
  return word === undefined ? undefined : Number(word);
}

function compare(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : 1);
}

function notFound(device: string, why: string): OperationError {
  return new OperationError('DISK_NOT_FOUND', `${device} cannot be replicated: ${why}`, {
    hint: 'list the disks of this machine with lsblk and name one of them',
    context: { device },
  });
}

function notTrackable(device: string, why: string, remedy: string): OperationError {
  return new OperationError('DISK_NOT_TRACKABLE', `${device} cannot be tracked: ${why}`, {
    hint: remedy,
    context: { device },
  });
}
