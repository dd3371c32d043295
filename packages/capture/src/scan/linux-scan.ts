/** Puts a scan together over real disks; see `scan-source.ts`. */
import { type Clock, OperationError, systemClock } from '@landfall/runtime';
import { openDirectReader } from '../disks/linux-direct-reader.ts';
import { countersOf, diskAt } from '../disks/linux-disks.ts';
import { createLinuxDiskFreezer, type LinuxDiskFreezerOptions } from '../freeze/linux-disk-freezer.ts';
import type { FreezeOptions } from '../freeze/scan-freeze.ts';
import { ScanSource } from './scan-source.ts';

export interface OpenScanOptions {
  /** Paths of whole disks; their order gives the disk indexes. */
  readonly devices: readonly string[];
  /** In the order of `devices`; default `disk-0`, `disk-1` … */
  readonly diskIds?: readonly string[];
  readonly clock?: Clock;
  readonly readsInFlightMax?: number;
  /** Makes cuts by freezing the file systems of the disks. */
  readonly freeze?: ScanFreezing;
}

export interface ScanFreezing extends Omit<LinuxDiskFreezerOptions, 'diskNames'> {
  readonly limitMs: number;
  readonly intervalMs: number;
}

/** Errors: DISK_NOT_FOUND, DISK_NOT_TRACKABLE, DISK_UNREADABLE. */
export async function openScan(options: OpenScanOptions): Promise<ScanSource> {
  const { devices, clock = systemClock, readsInFlightMax } = options;
  if (devices.length === 0) {
    throw new OperationError('OPTION_INVALID', 'a scan needs at least one disk', {
      hint: 'name at least one disk',
    });
  }
  const linuxDisks = devices.map((device) => diskAt(device, 'scan'));
  const reader = await openDirectReader(linuxDisks, readsInFlightMax);
  const writeMarks = linuxDisks.map((disk) => {
    const counters = countersOf(disk);
    return () => counters.writeMark();
  });
  const disks = linuxDisks.map(({ deviceName, sizeBytes }, index) => ({
    ...{ diskId: options.diskIds?.[index] ?? `disk-${index}`, deviceName, sizeBytes },
  }));
  const diskNames = linuxDisks.map(({ name }) => name);
  return new ScanSource({ disks, reader, writeMarks, clock, ...freezeOptions(options.freeze, diskNames) });
}

function freezeOptions(
  freezing: ScanFreezing | undefined,
  diskNames: readonly string[],
): { readonly freeze?: FreezeOptions } {
  if (freezing === undefined) return {};
  const { limitMs, intervalMs } = freezing;
  return { freeze: { limitMs, intervalMs, freezer: createLinuxDiskFreezer({ ...freezing, diskNames }) } };
}
