/**
 * An appliance with the disks of a guest attached, for as long as an action takes. It may be ended at any
 * moment: the disks are overlays.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Logger, OperationError, systemClock } from '@landfall/runtime';
import { applianceDevice, applianceLabel, findMisnamedDisks } from './appliance-disks.ts';
import type { ReadyAppliance } from './guestfs-ready-appliance.ts';
import { GuestfsSession } from './guestfs-session.ts';

export interface ConversionDisk {
  readonly diskId: string;
  /** What the source's kernel calls it: `/dev/nvme0n1`. */
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly isBootDisk: boolean;
  /** qcow2 file that is changed; its backing is only read. */
  readonly overlayPath: string;
}

export interface ApplianceRequest {
  readonly disks: readonly ConversionDisk[];
  /** Of this appliance alone; its subfolder `conversion` holds temporary files, some hundred MiB. */
  readonly scratchFolder: string;
  readonly useKvm: boolean;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Nobody waits for it: everything else on the host comes first. */
  readonly isBackground?: boolean;
  /** One that was started before, for this request alone. */
  readonly takeReady?: () => ReadyAppliance | undefined;
}

export interface Appliance {
  readonly session: GuestfsSession;
  readonly workFolder: string;
  readonly logger: Logger;
}

const TIMEOUT_MS_DEFAULT = 15 * 60_000;

/** Errors: APPLIANCE_FAILED, TOOL_MISSING, and those of the action. */
export async function withAppliance<Result>(
  request: ApplianceRequest,
  action: (appliance: Appliance) => Promise<Result>,
): Promise<Result> {
  const workFolder = join(request.scratchFolder, 'conversion');
  await rm(workFolder, { recursive: true, force: true });
  await mkdir(workFolder);
  try {
    const session = await openSession(request);
    try {
      return await action({ session, workFolder, logger: request.logger });
    } finally {
      await session.leave();
    }
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

/** Of the appliance that stands ready, or of one that is started now. */
async function openSession(request: ApplianceRequest): Promise<GuestfsSession> {
  const { logger, useKvm, clock = systemClock, isBackground = false, disks, signal } = request;
  const { timeoutMs = TIMEOUT_MS_DEFAULT } = request;
  const limits = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
  const ready = await request.takeReady?.()?.take(disks, limits);
  const session = ready ?? new GuestfsSession({ logger, useKvm, clock, isBackground, ...limits });
  try {
    if (ready === undefined) await startAppliance(session, request);
    else await checkDisks(session, disks);
    return session;
  } catch (error) {
    await session.leave();
    throw error;
  }
}

/** Attaches the disks and starts; checks that each bears the name of its place. Errors: APPLIANCE_FAILED. */
export async function startAppliance(
  session: GuestfsSession,
  request: Pick<ApplianceRequest, 'disks'>,
): Promise<void> {
  // In the process group of guestfish, so that killing the group ends QEMU too.
  await session.must('set-pgroup', 'false');
  for (const [index, disk] of request.disks.entries()) {
    // Durability comes once, at the end: an interrupted conversion is never used.
    const options = ['format:qcow2', 'cachemode:unsafe', `label:${applianceLabel(index)}`];
    await session.must('add-drive', disk.overlayPath, ...options);
  }
  await session.must('run');
  await checkDisks(session, request.disks);
}

async function checkDisks(session: GuestfsSession, disks: readonly ConversionDisk[]): Promise<void> {
  const misnamed = findMisnamedDisks(await session.must('list-disk-labels'), disks.length);
  misnamed.push(...(await findMissizedDisks(session, disks)));
  if (misnamed.length > 0) throw disksMisnamed(misnamed);
}

/**
 * Labels are told through the appliance's own table of names, which may be what is wrong: sizes are not. A
 * disk of the right one ends after the first of two bytes; `blockdev-getsize64` takes many times as long.
 */
async function findMissizedDisks(
  session: GuestfsSession,
  disks: readonly ConversionDisk[],
): Promise<string[]> {
  const misnamed: string[] = [];
  for (const [index, disk] of disks.entries()) {
    const device = applianceDevice(index);
    const { bytes } = await session.attempt('pread-device', device, '2', String(disk.sizeBytes - 1));
    if (bytes.length === 1) continue;
    misnamed.push(`${device} has ${(await session.must('blockdev-getsize64', device)).trim()} bytes`);
  }
  return misnamed;
}

function disksMisnamed(misnamed: readonly string[]): OperationError {
  const message = `the appliance names its disks in another order: ${misnamed.join(', ')}`;
  return new OperationError('APPLIANCE_FAILED', message, {
    hint: 'the appliance is started again by itself; if it stays so, look at the load of the launch host',
    retryable: true,
  });
}
