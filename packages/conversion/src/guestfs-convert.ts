/**
 * Conversion from beginning to end, in one throw-away appliance: attach the disks, inspect, plan, apply, shut
 * down. It may be ended at any moment: the disks are overlays, and a conversion that did not return is begun
 * again on fresh ones. When it returns, everything is on the overlays' files (the caller makes those
 * durable).
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Logger, OperationError, systemClock } from '@landfall/runtime';
import { applianceDevice, applianceLabel, findMisnamedDisks } from './appliance-disks.ts';
import { applyStep } from './guestfs-apply.ts';
import { inspectGuest } from './guestfs-inspect.ts';
import { GuestfsSession } from './guestfs-session.ts';
import type { GuestInspection } from './inspection.ts';
import { type ConversionTarget, planConversion } from './plan.ts';

export interface ConversionDisk {
  readonly diskId: string;
  /** What the source's kernel calls it: `/dev/nvme0n1`. */
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly isBootDisk: boolean;
  /** qcow2 file that is changed; its backing is only read. */
  readonly overlayPath: string;
}

export interface ConversionRequest {
  readonly disks: readonly ConversionDisk[];
  readonly target: ConversionTarget;
  /** Of this conversion alone; its subfolder `conversion` holds temporary files, some hundred MiB. */
  readonly scratchFolder: string;
  readonly useKvm: boolean;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called after each step, in order. */
  readonly onStep?: (step: FinishedStep) => void;
}

export interface FinishedStep {
  readonly step: string;
  /** What was before, and what is after. */
  readonly detail: string;
  readonly durationMs: number;
}

export interface ConversionResult {
  readonly steps: readonly FinishedStep[];
  readonly prettyName: string;
  readonly bootMode: 'LEGACY_BIOS' | 'UEFI';
}

const TIMEOUT_MS_DEFAULT = 15 * 60_000;

/** Errors: CONVERSION_IMPOSSIBLE, APPLIANCE_FAILED, INITRAMFS_UNREADABLE, TOOL_MISSING. */
export async function convertGuest(request: ConversionRequest): Promise<ConversionResult> {
  const workFolder = join(request.scratchFolder, 'conversion');
  await rm(workFolder, { recursive: true, force: true });
  await mkdir(workFolder);
  const { logger, useKvm, clock = systemClock, timeoutMs = TIMEOUT_MS_DEFAULT, signal } = request;
  const session = new GuestfsSession({
    logger,
    clock,
    useKvm,
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    return await convertIn(session, workFolder, request);
  } finally {
    await session.abort();
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function convertIn(
  session: GuestfsSession,
  workFolder: string,
  request: ConversionRequest,
): Promise<ConversionResult> {
  const timeline = new StepTimeline(request);
  await startAppliance(session, request);
  timeline.finish('Appliance', `started with ${request.disks.length} disk(s)`);
  const context = { session, workFolder, logger: request.logger };
  const inspection = await inspectGuest({ ...context, disks: request.disks });
  timeline.finish('Inspection', describeGuest(inspection));
  const plan = planConversion(inspection, request.target);
  for (const note of plan.notes) timeline.finish('Note', note);
  for (const step of plan.steps) {
    await applyStep(context, step);
    timeline.finish(step.title, step.detail);
  }
  await session.finish();
  timeline.finish('Appliance', 'everything written; shut down');
  return { steps: timeline.steps, prettyName: inspection.os.prettyName, bootMode: bootModeOf(inspection) };
}

/** Attaches the disks and starts; checks that each bears the name of its place. Errors: APPLIANCE_FAILED. */
export async function startAppliance(
  session: GuestfsSession,
  request: Pick<ConversionRequest, 'disks'>,
): Promise<void> {
  // In the process group of guestfish, so that killing the group ends QEMU too.
  await session.must('set-pgroup', 'false');
  for (const [index, disk] of request.disks.entries()) {
    // Durability comes once, at the end: an interrupted conversion is never used.
    const options = ['format:qcow2', 'cachemode:unsafe', `label:${applianceLabel(index)}`];
    await session.must('add-drive', disk.overlayPath, ...options);
  }
  await session.must('run');
  const misnamed = findMisnamedDisks(await session.must('list-disk-labels'), request.disks.length);
  misnamed.push(...(await findMissizedDisks(session, request.disks)));
  if (misnamed.length > 0) throw disksMisnamed(misnamed);
}

/** Labels are told through the appliance's own table of names, which may be what is wrong: sizes are not. */
async function findMissizedDisks(
  session: GuestfsSession,
  disks: readonly ConversionDisk[],
): Promise<string[]> {
  const misnamed: string[] = [];
  for (const [index, disk] of disks.entries()) {
    const device = applianceDevice(index);
    const sizeBytes = Number(await session.must('blockdev-getsize64', device));
    if (sizeBytes !== disk.sizeBytes) misnamed.push(`${device} has ${sizeBytes} bytes`);
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

class StepTimeline {
  readonly steps: FinishedStep[] = [];
  readonly #request: ConversionRequest;
  readonly #clock: Clock;
  #lastNs: bigint;

  constructor(request: ConversionRequest) {
    this.#request = request;
    this.#clock = request.clock ?? systemClock;
    this.#lastNs = this.#clock.monotonicNs();
  }

  finish(step: string, detail: string): void {
    const nowNs = this.#clock.monotonicNs();
    const finished = { step, detail, durationMs: Number((nowNs - this.#lastNs) / 1_000_000n) };
    this.#lastNs = nowNs;
    this.steps.push(finished);
    this.#request.logger.info('conversion-step', finished);
    this.#request.onStep?.(finished);
  }
}

function describeGuest(inspection: GuestInspection): string {
  const kernels = inspection.kernels.map((kernel) => kernel.version).join(', ');
  const { os, root } = inspection;
  return `${os.prettyName}; root ${root.type} on ${root.device}; kernels ${kernels}`;
}

/** A guest that starts from its boot sector does so on BIOS firmware; one that cannot needs UEFI. */
function bootModeOf(inspection: GuestInspection): ConversionResult['bootMode'] {
  return !inspection.hasBiosBootCode && inspection.hasEfiPartition ? 'UEFI' : 'LEGACY_BIOS';
}
