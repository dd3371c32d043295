/** The disks of this server, as /sys and /proc tell. Only whole disks: partitions, LVM, md and LUKS lie on them. */
import { type FileHandle, open, readdir, readFile, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { OperationError, readIfExists, systemErrorCode } from '@landfall/runtime';
import type { FoundDisk } from './disk-mapping.ts';

/** Not disks of the server: memory, files, optical and floppy drives, and devices made of other devices. */
const NOT_DISKS = /^(loop|ram|zram|sr|fd|dm-|md|nbd|mtdblock|drbd|rbd|zd)/;
const SECTOR_BYTES = 512;

/** All disks that can be replicated, the boot disk first, then by name. */
export async function findDisks(): Promise<FoundDisk[]> {
  const names = (await readdir('/sys/block')).filter((name) => !NOT_DISKS.test(name));
  const boot = await bootDiskNames();
  const disks = await Promise.all(names.map((name) => describe(name, boot)));
  return disks.filter((disk) => disk !== undefined).sort(byBootThenName);
}

/** The named disks, in that order. Errors: DISK_NOT_FOUND. */
export async function describeDisks(deviceNames: readonly string[]): Promise<FoundDisk[]> {
  const boot = await bootDiskNames();
  return Promise.all(
    deviceNames.map(async (deviceName) => {
      const disk = await describe(await nameOf(deviceName), boot);
      if (disk === undefined) throw notFound(deviceName);
      return disk;
    }),
  );
}

/** Reads the first block, as replication will. Errors: DISK_NOT_READABLE. */
export async function checkReadable(disk: FoundDisk): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(disk.deviceName, 'r');
    await file.read(Buffer.alloc(4096), 0, 4096, 0);
  } catch (cause) {
    const reason = systemErrorCode(cause) ?? String(cause);
    throw new OperationError('DISK_NOT_READABLE', `${disk.deviceName} cannot be read: ${reason}`, {
      hint: 'check the disk and the kernel log (dmesg), or leave it out with --devices',
      cause,
    });
  } finally {
    await file?.close();
  }
}

async function nameOf(deviceName: string): Promise<string> {
  try {
    return basename(await realpath(deviceName));
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') throw notFound(deviceName);
    throw cause;
  }
}

function notFound(deviceName: string): OperationError {
  return new OperationError('DISK_NOT_FOUND', `${deviceName} is not a disk of this server`, {
    hint: 'name whole disks as `lsblk -d` lists them, separated by commas',
  });
}

async function describe(name: string, bootNames: ReadonlySet<string>): Promise<FoundDisk | undefined> {
  const text = (file: string) => readIfExists(`/sys/block/${name}/${file}`);
  const sizeBytes = Number((await text('size')) ?? 0) * SECTOR_BYTES;
  if (sizeBytes === 0 || (await text('hidden'))?.trim() === '1') return undefined;
  if ((await text('removable'))?.trim() === '1' && !bootNames.has(name)) return undefined;
  const serial = await serialOf(name);
  const disk = { deviceName: `/dev/${name}`, sizeBytes, isBootDisk: bootNames.has(name) };
  return serial === undefined ? disk : { ...disk, serial };
}

async function serialOf(name: string): Promise<string | undefined> {
  for (const file of ['wwid', 'device/wwid', 'serial', 'device/serial', 'loop/backing_file']) {
    const text = (await readAttribute(`/sys/block/${name}/${file}`))?.trim();
    if (text) return text;
  }
  return undefined;
}

/** Some drivers list an attribute and then refuse to read it: as good as not having it. */
async function readAttribute(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Whole disks below the file systems the server boots from. */
async function bootDiskNames(): Promise<ReadonlySet<string>> {
  const mounts = parseMounts(await readFile('/proc/self/mounts', 'utf8'));
  const source = mounts.get('/boot') ?? mounts.get('/');
  if (source === undefined || !source.startsWith('/dev/')) return new Set();
  try {
    return new Set(await disksBelow(basename(await realpath(source))));
  } catch (error) {
    // `/dev/root` and its like name no device node.
    if (systemErrorCode(error) === 'ENOENT') return new Set();
    throw error;
  }
}

/** Mount point -> source, the last mount of a point first. Source of the form: proc(5). */
export function parseMounts(text: string): Map<string, string> {
  const lines = text.split('\n').map((line) => line.split(' '));
  return new Map(lines.flatMap(([source, point]) => (source && point ? [[point, source] as const] : [])));
}

const DEPTH_MAX = 16;

async function disksBelow(name: string, depth = 0): Promise<string[]> {
  if (depth > DEPTH_MAX) return [];
  const folder = await realpath(`/sys/class/block/${name}`);
  if ((await readIfExists(`${folder}/partition`)) !== undefined) {
    return disksBelow(basename(folder.slice(0, folder.lastIndexOf('/'))), depth + 1);
  }
  const slaves = await readdir(`${folder}/slaves`);
  if (slaves.length === 0) return [name];
  return (await Promise.all(slaves.map((slave) => disksBelow(slave, depth + 1)))).flat();
}

function byBootThenName(left: FoundDisk, right: FoundDisk): number {
  if (left.isBootDisk !== right.isBootDisk) return left.isBootDisk ? -1 : 1;
  return left.deviceName.localeCompare(right.deviceName, 'en', { numeric: true });
}
