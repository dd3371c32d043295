/**
 * The disks of this server with what tells one from another. Which can be tracked, and how, is capture's to
 * say.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { discoverDisks, diskAt, type LinuxDisk } from '@landfall/capture';
import { OperationError, systemErrorCode } from '@landfall/runtime';
import type { FoundDisk, KnownDisk } from './disk-mapping.ts';

const SECTOR_BYTES = 512;

/** All disks that can be replicated, the boot disk first. */
export function findDisks(): readonly FoundDisk[] {
  return discoverDisks().map(withSerial);
}

/** The named disks, in that order. Errors: DISK_NOT_FOUND, DISK_NOT_TRACKABLE. */
export function describeDisks(deviceNames: readonly string[]): readonly FoundDisk[] {
  return deviceNames.map((deviceName) => withSerial(diskAt(deviceName)));
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
export function findKnownDisks(deviceNames: readonly string[]): readonly FoundDisk[] {
  const found = findDisks();
  const listed = new Set(found.map((disk) => basename(disk.deviceName)));
  const kinds = new Set(deviceNames.map(kindOf));
  const others = readdirSync('/sys/block').filter((name) => kinds.has(kindOf(name)) && !listed.has(name));
  return [...found, ...others.flatMap(describeIfThere)];
}

/** `/dev/loop12` -> `loop`: a disk may come back under another number or letter. */
function kindOf(deviceName: string): string {
  return basename(deviceName)
    .replace(/\d+$/, '')
    .replace(/^(sd|vd|xvd|hd)[a-z]+$/, '$1');
}

function describeIfThere(name: string): readonly FoundDisk[] {
  try {
    return describeDisks([`/dev/${name}`]);
  } catch (error) {
    // A drive without a medium, or a loop device without a file: no disk now.
    if (error instanceof OperationError) return [];
    throw error;
  }
}

function withSerial({ name, deviceName, sizeBytes, isBootDisk }: LinuxDisk): FoundDisk {
  const serial = serialOf(name);
  const disk = { deviceName, sizeBytes, isBootDisk };
  return serial === undefined ? disk : { ...disk, serial };
}

function serialOf(name: string): string | undefined {
  for (const file of ['wwid', 'device/wwid', 'serial', 'device/serial', 'loop/backing_file']) {
    const text = readAttribute(`/sys/block/${name}/${file}`)?.trim();
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
