/** The launch of a machine: fresh overlays, conversion, start. */
import { join } from 'node:path';
import { convertGuest, type FinishedStep } from '@landfall/conversion';
import {
  createOverlay,
  findFreePort,
  findQemu,
  GUEST_ADDRESS,
  inspectImage,
  type LaunchDisk,
  type LaunchRequest,
  macAddressOf,
  type PublishedPort,
  planLaunch,
  startQemu,
  UEFI_VARIABLES,
} from '@landfall/launch';
import { OperationError, retry } from '@landfall/runtime';
import { copyIfMissing, makeDurable } from './file-machine-store.ts';
import { type MachineContext, overlayName } from './machine-context.ts';
import { expectedOutcomes, orderedScripts } from './post-launch-outcomes.ts';

const PORT_ATTEMPTS_MAX = 5;
const CONVERSION_ATTEMPTS_MAX = 3;

/** An appliance that died is tried again, on fresh overlays: nothing is lost by that but its time. */
export async function convertMachine(context: MachineContext, signal: AbortSignal): Promise<void> {
  const { conversions, clock, logger } = context.services;
  const { machineId } = context.record().specification;
  await conversions.run(signal, () =>
    retry(() => convertOnce(context, signal), {
      attemptsMax: CONVERSION_ATTEMPTS_MAX,
      signal,
      clock,
      isRetryable: (error) => error instanceof OperationError && error.retryable,
      onRetry: (error) => logger.warn('conversion-tried-again', { machineId, error }),
    }),
  );
}

async function convertOnce(context: MachineContext, signal: AbortSignal): Promise<void> {
  await context.update({
    phase: 'CONVERTING',
    conversion: { done: false, steps: [], bootMode: 'LEGACY_BIOS' },
  });
  const { specification } = context.record();
  for (const disk of specification.disks) {
    const path = join(context.folder, overlayName(disk.diskId));
    const openTimeoutSeconds = context.services.viewTimeoutSeconds;
    await createOverlay({ ...disk, path, openTimeoutSeconds });
  }
  const result = await convertOverlays(context, signal);
  for (const disk of specification.disks) await makeDurable(join(context.folder, overlayName(disk.diskId)));
  const bootMode = specification.bootMode === 'USE_SOURCE' ? result.bootMode : specification.bootMode;
  // R1: only now, with the overlays durable.
  const { scriptsImpossible } = result;
  await context.update({
    phase: 'CONVERTED',
    conversion: { done: true, steps: result.steps, bootMode },
    ...(scriptsImpossible === undefined
      ? {}
      : { postLaunch: expectedOutcomes(specification, scriptsImpossible) }),
  });
}

async function convertOverlays(
  context: MachineContext,
  signal: AbortSignal,
): ReturnType<typeof convertGuest> {
  const { services, folder } = context;
  const { specification } = context.record();
  const { machineId, disks } = specification;
  const steps: FinishedStep[] = [];
  return await convertGuest({
    disks: disks.map((disk) => ({ ...disk, overlayPath: join(folder, overlayName(disk.diskId)) })),
    target: { macAddress: macAddressOf(machineId), address: GUEST_ADDRESS },
    scripts: orderedScripts(specification),
    scratchFolder: folder,
    useKvm: services.accelerator === 'kvm',
    logger: services.logger.with({ machineId }),
    clock: services.clock,
    signal,
    onStep: (step) => {
      steps.push(step);
      context.show({ conversion: { ...context.record().conversion, steps: [...steps] } });
    },
  });
}

/** Starts QEMU, or adopts the one that a launch host before us has started. */
export async function startMachine(context: MachineContext, signal: AbortSignal): Promise<void> {
  const { services, folder } = context;
  signal.throwIfAborted();
  await context.update({ phase: 'STARTING' });
  if ((await findQemu(folder)) === undefined) await startFresh(context, signal);
  const { machineId } = context.record().specification;
  services.logger.info('machine-started', { machineId, published: context.record().published });
  await context.update({
    phase: 'RUNNING',
    startedAtMs: services.clock.nowMs(),
    hostBootId: services.hostBootId,
  });
}

async function startFresh(context: MachineContext, signal: AbortSignal): Promise<void> {
  let published = context.record().published;
  await retry(
    async () => {
      published = published.length > 0 ? published : await choosePorts(context);
      // Recorded before QEMU begins to listen: whoever finds the process must know where it listens.
      await context.update({ published });
      await runQemu(context, published, false);
    },
    {
      attemptsMax: PORT_ATTEMPTS_MAX,
      signal,
      clock: context.services.clock,
      isRetryable: isPortConflict,
      onRetry: () => {
        published = [];
      },
    },
  );
}

/** Attaches the disks of a machine that does not run, so that QEMU can fill them in. */
export async function startHydrator(context: MachineContext): Promise<void> {
  await runQemu(context, [], true);
}

async function runQemu(
  context: MachineContext,
  publishedPorts: readonly PublishedPort[],
  onlyHydrate: boolean,
): Promise<void> {
  const { services, folder } = context;
  const { specification, conversion } = context.record();
  const request: LaunchRequest = {
    ...specification,
    bootMode: conversion.bootMode,
    disks: await readDisks(context),
    publishedPorts,
    folder,
    onlyHydrate,
  };
  if (conversion.bootMode === 'UEFI') await prepareFirmware(context);
  const argv = planLaunch(request, {
    accelerator: services.accelerator,
    uefiCodePath: services.uefi?.codePath,
  });
  await startQemu(argv, folder, services.clock);
}

/** Whether a disk still needs its view is read from the overlay itself. */
async function readDisks(context: MachineContext): Promise<LaunchDisk[]> {
  const disks: LaunchDisk[] = [];
  for (const { diskId, isBootDisk, nbdUri, limits } of context.record().specification.disks) {
    const overlayPath = join(context.folder, overlayName(diskId));
    const { hasBacking } = await inspectImage(overlayPath);
    const limited = limits === undefined ? {} : { limits };
    disks.push({ diskId, isBootDisk, overlayPath, nbdUri: hasBacking ? nbdUri : undefined, ...limited });
  }
  return disks;
}

async function prepareFirmware(context: MachineContext): Promise<void> {
  const path = join(context.folder, UEFI_VARIABLES);
  const { uefi } = context.services;
  if (uefi !== undefined) await copyIfMissing(uefi.variablesPath, path);
}

async function choosePorts(context: MachineContext): Promise<PublishedPort[]> {
  const ports: PublishedPort[] = [];
  for (const guestPort of context.record().specification.publishedPorts) {
    ports.push({ guestPort, hostPort: await findFreePort() });
  }
  return ports;
}

function isPortConflict(error: unknown): boolean {
  return error instanceof OperationError && /host forwarding rule/i.test(error.message);
}
