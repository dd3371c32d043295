/** The launch of a machine: fresh overlays, conversion, start. */
import { join } from 'node:path';
import type { MachineDisk } from '@landfall/channel';
import {
  type ConversionMethod,
  type ConversionTarget,
  convertGuest,
  type FinishedStep,
} from '@landfall/conversion';
import {
  createOverlay,
  inspectImage,
  type LaunchDisk,
  type LaunchRequest,
  type PublishedPort,
  putViewBack,
} from '@landfall/launch';
import { mapAtOnce, OperationError, retry } from '@landfall/runtime';
import { runsScripts } from '../conversion/kept-conversion.ts';
import { keepConversion, usePreparedConversion } from '../conversion/prepared-conversion.ts';
import { isUnreachable } from './file-machine-host.ts';
import { makeDurable } from './file-machine-store.ts';
import { scriptsDiskFor } from './file-scripts-disk.ts';
import { macAddressFor, networkNameOf, networkPlaceOf, reserveAddressFor } from './machine-address.ts';
import { DISKS_AT_ONCE_MAX, type MachineContext, overlayName, placeOf } from './machine-context.ts';
import { closePorts } from './machine-inbound.ts';
import { isFlushed, type MachineRecord, withoutError } from './machine-record.ts';
import { outcomesAfter } from './post-launch-outcomes.ts';

const PORT_ATTEMPTS_MAX = 5;
const CONVERSION_ATTEMPTS_MAX = 3;
/** Some ten minutes. */
const HOST_ATTEMPTS_MAX = 70;

/** A proof steps aside for launches, and begins again after them. */
export async function convertMachine(context: MachineContext, signal: AbortSignal): Promise<void> {
  if (await usePreparedConversion(context)) return;
  const { conversions, inBackground } = context.services;
  if (context.record().specification.purpose === 'PROOF') {
    await inBackground(signal, (turn) => convertAsAsked(context, turn));
  } else {
    await conversions.run(signal, () => convertAsAsked(context, signal));
  }
}

/** Where nobody asked for virt-v2v and it fails: the guest may start on compatible hardware without it. */
async function convertAsAsked(context: MachineContext, signal: AbortSignal): Promise<void> {
  const { machineId, conversionMethod = 'AUTOMATIC' } = context.record().specification;
  try {
    await convertPatiently(context, conversionMethod, signal);
  } catch (error) {
    const isDeep = error instanceof OperationError && error.code === 'VIRT_V2V_FAILED';
    if (conversionMethod !== 'AUTOMATIC' || !isDeep) throw error;
    context.services.logger.warn('conversion-without-virt-v2v', { machineId, error });
    await convertPatiently(context, 'LANDFALL', signal);
  }
}

/** An appliance that died is tried again, on fresh overlays: nothing is lost by that but its time. */
async function convertPatiently(
  context: MachineContext,
  method: ConversionMethod,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logger } = context.services;
  const { machineId } = context.record().specification;
  await retry(() => convertOnce(context, method, signal), {
    ...{ attemptsMax: CONVERSION_ATTEMPTS_MAX, signal, clock },
    isRetryable: (error) => !signal.aborted && error instanceof OperationError && error.retryable,
    onRetry: (error) => logger.warn('conversion-tried-again', { machineId, error }),
  });
}

async function convertOnce(
  context: MachineContext,
  method: ConversionMethod,
  signal: AbortSignal,
): Promise<void> {
  await context.update({
    phase: 'CONVERTING',
    conversion: { done: false, steps: [], bootMode: 'LEGACY_BIOS' },
  });
  const { specification } = context.record();
  const openTimeoutSeconds = context.services.viewTimeoutSeconds;
  await mapAtOnce(specification.disks, DISKS_AT_ONCE_MAX, async (disk) => {
    const path = join(context.folder, overlayName(disk.diskId));
    await createOverlay({ ...disk, path, openTimeoutSeconds });
  });
  const result = await convertOverlays(context, method, signal);
  await mapAtOnce(specification.disks, DISKS_AT_ONCE_MAX, async ({ diskId }) => {
    await makeDurable(join(context.folder, overlayName(diskId)));
  });
  const bootMode = specification.bootMode === 'USE_SOURCE' ? result.bootMode : specification.bootMode;
  const { steps, hardware, givenAddress, scriptsImpossible } = result;
  const given = givenAddress === undefined ? {} : { givenAddress };
  const unable = scriptsImpossible === undefined ? {} : { scriptsImpossible };
  const conversion = { done: true, steps, bootMode, hardware, ...given, ...unable };
  await keepConversion(context, conversion);
  signal.throwIfAborted();
  // R1: only now, with the overlays durable.
  await context.update({ phase: 'CONVERTED', conversion, ...outcomesAfter(specification, unable) });
}

async function convertOverlays(
  context: MachineContext,
  method: ConversionMethod,
  signal: AbortSignal,
): ReturnType<typeof convertGuest> {
  const { services, folder } = context;
  const { specification } = context.record();
  const { machineId, disks } = specification;
  const steps: FinishedStep[] = [];
  return await convertGuest({
    disks: disks.map((disk) => ({ ...disk, overlayPath: join(folder, overlayName(disk.diskId)) })),
    target: targetOf(context.record()),
    method,
    giveAddress: () => reserveAddressFor(context, macAddressFor(context.record())),
    runsScripts: runsScripts(specification),
    scratchFolder: folder,
    useKvm: services.accelerator === 'kvm',
    logger: services.logger.with({ machineId }),
    clock: services.clock,
    signal,
    // A proof of boot, for which nobody waits, leaves it to launches.
    ...(specification.purpose === 'PROOF' ? {} : { takeReady: () => services.readyAppliances?.take() }),
    onStep: (step) => {
      steps.push(step);
      context.show({ conversion: { ...context.record().conversion, steps: [...steps] } });
    },
  });
}

/** What conversion makes the guest ready for. */
function targetOf(record: MachineRecord): ConversionTarget {
  const { hardware, network, bootMode } = record.specification;
  const addresses = network?.addresses;
  return {
    ...{ macAddress: macAddressFor(record), bootMode },
    ...(addresses === undefined ? {} : { addresses }),
    ...(hardware === undefined ? {} : { hardware }),
  };
}

/** Starts the machine, or adopts the one that a launch host before us has started. */
export async function startMachine(context: MachineContext, signal: AbortSignal): Promise<void> {
  const { services } = context;
  signal.throwIfAborted();
  await context.update({ phase: 'STARTING' });
  await untilHostAnswers(context, signal, async () => {
    if (!(await services.host.find(placeOf(context)))) await startFresh(context, signal);
  });
  const { machineId } = context.record().specification;
  services.logger.info('machine-started', { machineId, published: context.record().published });
  await context.update({
    phase: 'RUNNING',
    startedAtMs: services.clock.nowMs(),
    hostBootId: services.hostBootId,
  });
}

/** A host that vanished is waited for, and meanwhile the machine says so. */
async function untilHostAnswers(
  context: MachineContext,
  signal: AbortSignal,
  start: () => Promise<void>,
): Promise<void> {
  const { clock, logger } = context.services;
  const { machineId } = context.record().specification;
  await retry(start, {
    attemptsMax: HOST_ATTEMPTS_MAX,
    signal,
    clock,
    isRetryable: isUnreachable,
    onRetry: (error) => {
      logger.warn('machine-host-awaited', { machineId, error });
      if (!(error instanceof OperationError)) return;
      const { code, message, hint = '' } = error;
      context.show({ error: { code, message, hint } });
    },
  });
  if (context.record().error?.code === 'HOST_UNREACHABLE')
    await context.replace(withoutError(context.record()));
}

async function startFresh(context: MachineContext, signal: AbortSignal): Promise<void> {
  let published: MachineRecord['published'] = context.record().published;
  await retry(
    async () => {
      // An address of the machine's own was that of an earlier start.
      if (published.length === 0 || published.some((port) => port.host !== undefined)) {
        published = await choosePorts(context);
      }
      // Recorded before the host begins to listen: whoever finds the process must know where it listens.
      await context.update({ published });
      await closePorts(context);
      await startOnHost(context, published, false);
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

/** Attaches the disks of a machine that does not run, so that its host can fill them in. */
export async function startHydrator(context: MachineContext): Promise<void> {
  await startOnHost(context, [], true);
}

async function startOnHost(
  context: MachineContext,
  publishedPorts: readonly PublishedPort[],
  onlyHydrate: boolean,
): Promise<void> {
  const { services, folder } = context;
  const { specification, conversion } = context.record();
  const request: LaunchRequest = {
    ...specification,
    ...networkNameOf(specification),
    bootMode: conversion.bootMode,
    ...(conversion.hardware === undefined ? {} : { hardware: conversion.hardware }),
    disks: await readDisks(context),
    ...(onlyHydrate ? {} : await scriptsDiskFor(context)),
    publishedPorts,
    macAddress: macAddressFor(context.record()),
    folder,
    onlyHydrate,
  };
  await services.host.start(request);
}

/**
 * Whether a disk still needs its view is read from the overlay itself, if it is on record as flushed (R3).
 * One that is not gets its view back.
 */
async function readDisks(context: MachineContext): Promise<readonly LaunchDisk[]> {
  const { disks } = context.record().specification;
  return await mapAtOnce(disks, DISKS_AT_ONCE_MAX, async ({ diskId, isBootDisk, nbdUri, limits }) => {
    const overlayPath = join(context.folder, overlayName(diskId));
    const { hasBacking } = await inspectImage(overlayPath);
    const isWhole = !hasBacking && isFlushed(context.record(), diskId);
    if (!hasBacking && !isWhole) await restoreView(context, { diskId, overlayPath, nbdUri });
    const limited = limits === undefined ? {} : { limits };
    return { diskId, isBootDisk, overlayPath, nbdUri: isWhole ? undefined : nbdUri, ...limited };
  });
}

async function restoreView(
  { record, services }: MachineContext,
  { diskId, overlayPath, nbdUri }: Pick<MachineDisk, 'diskId' | 'nbdUri'> & Pick<LaunchDisk, 'overlayPath'>,
): Promise<void> {
  const { machineId } = record().specification;
  services.logger.warn('disk-not-flushed', { machineId, diskId });
  await putViewBack({ path: overlayPath, nbdUri, openTimeoutSeconds: services.viewTimeoutSeconds });
}

async function choosePorts(context: MachineContext): Promise<readonly PublishedPort[]> {
  const { specification } = context.record();
  return await context.services.host.choosePorts(specification.publishedPorts, networkPlaceOf(specification));
}

function isPortConflict(error: unknown): boolean {
  return error instanceof OperationError && error.code === 'PORT_TAKEN';
}
