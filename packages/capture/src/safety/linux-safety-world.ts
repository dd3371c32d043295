/**
 * What a checkpoint is bound to. A disk is known by what changes whenever another one takes its place: the
 * kernel's sequence number (from 5.15), the inode of its folder in /sys (new with each device), its number,
 * size and serial. What is done to a disk while it is elsewhere would not be in any trace of ours.
 */
import { readFileSync, statSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { type Clock, processStart, systemErrorCode } from '@landfall/runtime';
import type { LinuxDisk } from '../disks/linux-disks.ts';
import type { SafetyOwner, SafetyWorld } from './checkpoint.ts';

const MIB_IN_KIB = 1024;
const BUFFER_KIB_MAX = 16 * MIB_IN_KIB;
const BUFFER_KIB_MIN = MIB_IN_KIB;
/** Of both traces, over all CPUs: the kernel cannot swap it out. */
const TOTAL_KIB_MAX = 256 * MIB_IN_KIB;
const MEMORY_DIVISOR = 64;

export function readSafetyWorld(
  disks: readonly { readonly diskId: string; readonly disk: LinuxDisk }[],
  clock: Clock,
): SafetyWorld {
  return {
    bootId: attribute('/proc/sys/kernel/random/boot_id') ?? '',
    machineId: attribute('/sys/class/dmi/id/product_uuid') ?? attribute('/etc/machine-id') ?? '',
    clockOffsetMs: clock.nowMs() - Number(clock.monotonicNs() / 1000n) / 1000,
    disks: disks.map(({ diskId, disk }) => ({ diskId, identity: identityOf(disk) })),
  };
}

/** KiB for each CPU of one of the two traces: 16 MiB, less with many CPUs or little memory. */
export function safetyBufferKib(cpuCount = availableParallelism(), memoryBytes = totalmem()): number {
  const totalKib = Math.min(TOTAL_KIB_MAX, memoryBytes / 1024 / MEMORY_DIVISOR);
  const kib = Math.floor(totalKib / 2 / cpuCount);
  return Math.max(BUFFER_KIB_MIN, Math.min(BUFFER_KIB_MAX, kib));
}

export function ownProcess(): SafetyOwner {
  return { pid: process.pid, startTime: processStart(process.pid) ?? '' };
}

/** Another process than ours, still running. */
export function isOtherAlive({ pid, startTime }: SafetyOwner): boolean {
  return pid !== process.pid && processStart(pid) === startTime;
}

function identityOf({ name, kernelDevice, sizeBytes }: LinuxDisk): string {
  const folder = `/sys/block/${name}`;
  const inode = inodeOf(folder);
  const files = ['size', 'diskseq', 'wwid', 'device/wwid', 'serial', 'device/serial'];
  const texts = files.map((file) => attribute(`${folder}/${file}`) ?? '');
  return [kernelDevice, sizeBytes, inode, ...texts].join(' ');
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Some drivers list an attribute and then refuse to read it: as good as not having it. */
function attribute(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
