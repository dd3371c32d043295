/** What the conformance suite of machine hosts asks for, and how it waits and looks. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CONSOLE_LOG,
  type HydrationRequest,
  inspectImage,
  type LaunchRequest,
  type MachineHost,
  type RunState,
  sumProgress,
} from '../packages/launch/src/index.ts';
import { readIfExists, runChecked, systemClock } from '../packages/runtime/src/index.ts';
import type { MachineView } from './machine-views.ts';

export const MIB = 2 ** 20;
/** Of every disk. */
export const SIZE_BYTES = 8 * MIB;

export function requestFor(folder: string, number: number): LaunchRequest {
  return {
    machineId: `i-${number.toString(16).padStart(17, '0')}`,
    purpose: 'TEST',
    disks: [],
    cpuCount: 1,
    memoryBytes: 64 * MIB,
    bootMode: 'LEGACY_BIOS',
    publishedPorts: [],
    folder,
    onlyHydrate: false,
  };
}

export function hydrationOf(
  request: LaunchRequest,
  bandwidthBytesPerSecond: number | undefined,
): HydrationRequest {
  const disks = request.disks.map(({ diskId, overlayPath }) => {
    return { diskId, sizeBytes: SIZE_BYTES, overlayPath, isFlushed: false };
  });
  return { ...request, disks, bandwidthBytesPerSecond };
}

/** To the end; returns how far it was at each look. What was flushed is remembered, as a launch host does. */
export async function hydrate(
  reopen: () => MachineHost,
  request: HydrationRequest,
  allowed = /^$/,
): Promise<number[]> {
  const seen: number[] = [];
  const flushed = new Set<string>();
  for (;;) {
    const wanted = request.disks.map((disk) => ({ ...disk, isFlushed: flushed.has(disk.diskId) }));
    const { disks, errors } = await reopen().advanceHydration({ ...request, disks: wanted });
    for (const { diskId, isFlushed } of disks) if (isFlushed) flushed.add(diskId);
    assert.match(errors.join(), new RegExp(`^$|${allowed.source}`));
    const progress = sumProgress(disks);
    seen.push(progress.doneBytes);
    if (progress.complete) return seen;
    await systemClock.sleep(50);
  }
}

export async function assertSame({ disks }: LaunchRequest, views: readonly MachineView[]): Promise<void> {
  for (const [index, disk] of disks.entries()) {
    assert.equal((await inspectImage(disk.overlayPath)).hasBacking, false);
    const image = views[index]?.imagePath ?? '';
    await runChecked(['qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', image, disk.overlayPath]);
  }
}

/** Ends what runs the machine at once, as whatever is short of memory would. */
export async function killMachine({ disks }: LaunchRequest): Promise<void> {
  const overlayPath = disks[0]?.overlayPath ?? '';
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const commandLine = (await readIfExists(`/proc/${pid}/cmdline`)) ?? '';
    const isIt = commandLine.startsWith('qemu-system') || commandLine.startsWith('/usr/bin/qemu-system');
    if (isIt && commandLine.includes(overlayPath)) return void process.kill(Number(pid), 'SIGKILL');
  }
  assert.fail(`no QEMU has ${overlayPath}`);
}

export async function consoleOf({ folder }: LaunchRequest): Promise<string> {
  return await readFile(join(folder, CONSOLE_LOG), 'latin1');
}

export async function untilSaid(request: LaunchRequest, wanted: RegExp): Promise<void> {
  while (!wanted.test(await consoleOf(request))) await systemClock.sleep(50);
}

export async function untilState(
  reopen: () => MachineHost,
  request: LaunchRequest,
  wanted: RunState,
): Promise<void> {
  while ((await reopen().readRunState(request)) !== wanted) await systemClock.sleep(50);
}
