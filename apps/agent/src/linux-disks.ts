/**
 * The disks of this server with what tells one from another. Which can be tracked, and how, is capture's to
 * say.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { type DiskPurpose, discoverDisks, diskAt, type LinuxDisk } from '@landfall/capture';
import { OperationError, systemErrorCode } from '@landfall/runtime';
import type { FoundDisk, KnownDisk } from './disk-mapping.ts';

const SECTOR_BYTES = 512;
const HEAD_BYTES = 8192;
/** Of the disk that brings a launched machine its post-launch scripts: no part of the server. */
const SCRIPTS_DISK_SERIAL = 'landfall-scripts';

/** All disks that can be replicated that way, the boot disk first. `folder`: /sys/block, or a copy of it. */
export function findDisks(purpose: DiskPurpose, folder?: string): readonly FoundDisk[] {
  return discoverDisks(purpose, folder)
    .map((disk) => withSerial(disk, folder))
    .filter(({ serial }) => serial?.includes(SCRIPTS_DISK_SERIAL) !== true);
}

/** The named disks, in that order. Errors: DISK_NOT_FOUND, DISK_NOT_TRACKABLE. */
export function describeDisks(deviceNames: readonly string[], purpose: DiskPurpose): readonly FoundDisk[] {
  return deviceNames.map((deviceName) => withSerial(diskAt(deviceName, purpose)));
}

/** Whether each disk is where it was, as large as it was: cheap enough to ask every second. */
export function areInPlace(disks: readonly KnownDisk[]): boolean {
  return disks.every(({ deviceName, sizeBytes, serial }) => {
    const name = basename(deviceName);
    const sectors = readAttribute(`/sys/block/${name}/size`);
    return Number(sectors) * SECTOR_BYTES === sizeBytes && serialOf(name) === serial;
  });
}

/** The disks there are now; where disks were named that are not found by themselves, all of their kind. */
export function findKnownDisks(
  deviceNames: readonly string[],
  purpose: DiskPurpose,
  folder = '/sys/block',
): readonly FoundDisk[] {
  const found = findDisks(purpose, folder);
  const listed = new Set(found.map((disk) => basename(disk.deviceName)));
  const kinds = new Set(deviceNames.map(kindOf));
  const others = readdirSync(folder).filter((name) => kinds.has(kindOf(name)) && !listed.has(name));
  const named = others.flatMap(describeIfThere).map((disk) => ({ ...disk, isDiscovered: false }));
  return [...found, ...named];
}

/** `/dev/loop12` -> `loop`: a disk may come back under another number or letter. */
function kindOf(deviceName: string): string {
  return basename(deviceName)
    .replace(/\d+$/, '')
    .replace(/^(sd|vd|xvd|hd)[a-z]+$/, '$1');
}

function describeIfThere(name: string): readonly FoundDisk[] {
  try {
    return describeDisks([`/dev/${name}`], 'scan');
  } catch (error) {
    // A drive without a medium, or a loop device without a file: no disk now.
    if (error instanceof OperationError) return [];
    throw error;
  }
}

function withSerial({ name, deviceName, sizeBytes, isBootDisk }: LinuxDisk, folder?: string): FoundDisk {
  const serial = serialOf(name, folder);
  const tableId = tableIdAt(deviceName);
  const disk = { deviceName, sizeBytes, isBootDisk };
  return {
    ...disk,
    ...(serial === undefined ? {} : { serial }),
    ...(tableId === undefined ? {} : { tableId }),
  };
}

/** A disk that cannot be read has none here; whoever tracks it says why. */
function tableIdAt(deviceName: string): string | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  let file: number | undefined;
  try {
    file = openSync(deviceName, 'r');
    return tableIdOf(head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0)));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** UEFI specification 5.3.2 (header at block 1, of 512 or 4096 bytes) and 5.2.1 (signature of an MBR). */
export function tableIdOf(head: Buffer): string | undefined {
  for (const at of [512, 4096]) {
    const isGpt = head.length >= at + 72 && head.toString('latin1', at, at + 8) === 'EFI PART';
    if (isGpt) return `gpt-${head.toString('hex', at + 56, at + 72)}`;
  }
  const isMbr = head.length >= 512 && head.readUInt16LE(510) === 0xaa55 && head.readUInt32LE(440) !== 0;
  return isMbr ? `mbr-${head.toString('hex', 440, 444)}` : undefined;
}

function serialOf(name: string, folder = '/sys/block'): string | undefined {
  for (const file of ['wwid', 'device/wwid', 'serial', 'device/serial', 'loop/backing_file']) {
    const text = readAttribute(`${folder}/${name}/${file}`)?.trim();
    if (text) return text;
  }
  return undefined;
}

/** Some drivers list an attribute and then refuse to read it: as good as not having it. */
function readAttribute(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
