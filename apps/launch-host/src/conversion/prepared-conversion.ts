/** A machine begins with a conversion that was kept, or leaves one behind for others. */
import { join } from 'node:path';
import type { PreparedConversionUse } from '@landfall/channel';
import { checkSpaceForCopies, copyOntoView } from '@landfall/launch';
import { describeError, mapAtOnce, OperationError } from '@landfall/runtime';
import packageFile from '../../package.json' with { type: 'json' };
import { makeDurable, removeFile } from '../machine/file-machine-store.ts';
import { macAddressFor, reserveAddressFor } from '../machine/machine-address.ts';
import { DISKS_AT_ONCE_MAX, type MachineContext, overlayName } from '../machine/machine-context.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import { outcomesAfter } from '../machine/post-launch-outcomes.ts';
import {
  conversionSettings,
  KEPT_NAME,
  type KeptConversion,
  keptDisks,
  misfitOf,
} from './kept-conversion.ts';

/** Whether the machine has its conversion now. What does not fit is told, and converted as ever (K3). */
export async function usePreparedConversion(context: MachineContext): Promise<boolean> {
  const { kept, logger } = context.services;
  const { machineId, preparedConversion: name } = context.record().specification;
  if (name === undefined) return false;
  const found = kept.find(name);
  try {
    const misfit = found === undefined ? 'it is not on this launch host' : await misfitFor(found, context);
    if (found === undefined || misfit !== undefined) {
      logger.info('prepared-conversion-not-used', { machineId, name, reason: misfit });
      await context.update({ preparedConversion: notUsed(misfit) });
      return false;
    }
    await begin(context, found);
    return true;
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const reason = describeError(error);
    logger.warn('prepared-conversion-not-used', { machineId, name, reason });
    await context.update({ preparedConversion: notUsed(reason) });
    return false;
  }
}

function notUsed(reason: string | undefined): PreparedConversionUse {
  return { isUsed: false, ...(reason === undefined ? {} : { reason }) };
}

async function misfitFor(found: KeptConversion, context: MachineContext): Promise<string | undefined> {
  const misfit = misfitOf(found, context.record().specification, packageFile.version);
  const { givenAddress } = found.conversion;
  if (misfit !== undefined || givenAddress === undefined) return misfit;
  // Another network has other addresses, and the guest knows no other way to one.
  const given = await reserveAddressFor(context, found.macAddress);
  return given?.address === givenAddress ? undefined : 'its network keeps another address for it';
}

async function begin(
  context: MachineContext,
  { name, conversion, macAddress }: KeptConversion,
): Promise<void> {
  const { clock, logger } = context.services;
  const { machineId } = context.record().specification;
  const startedNs = clock.monotonicNs();
  await copyOverlays(context, name);
  const durationMs = Number((clock.monotonicNs() - startedNs) / 1_000_000n);
  const detail = `kept as ${name}: ${conversion.steps.map(({ step }) => step).join(', ')}`;
  const steps = [{ step: 'Prepared conversion', detail, durationMs }];
  logger.info('prepared-conversion-used', { machineId, name, durationMs });
  // R1: only now, with the overlays durable.
  await context.update({
    ...{ phase: 'CONVERTED', conversion: { ...conversion, done: true, steps, macAddress } },
    ...outcomesAfter(context.record().specification, conversion),
    preparedConversion: { isUsed: true },
  });
}

/** All or none: what was copied before one could not be would take the room of the conversion. */
async function copyOverlays(context: MachineContext, name: string): Promise<void> {
  const { kept } = context.services;
  const copies = context.record().specification.disks.map((disk) => {
    const path = join(context.folder, overlayName(disk.diskId));
    return { from: kept.overlayPath(name, disk.diskId), to: { ...disk, path } };
  });
  // Of all at once: each that looked for itself would find the room that the others are about to take.
  await checkSpaceForCopies(
    copies.map(({ from }) => from),
    context.folder,
  );
  try {
    await mapAtOnce(copies, DISKS_AT_ONCE_MAX, async ({ from, to }) => {
      await copyOntoView(from, to);
      await makeDurable(to.path);
    });
  } catch (error) {
    for (const { to } of copies) await removeFile(to.path);
    throw error;
  }
}

/** Before the machine writes to its overlays. One that cannot be kept is only missed (K3). */
export async function keepConversion(
  context: MachineContext,
  conversion: MachineRecord['conversion'],
): Promise<void> {
  const { kept, clock, logger } = context.services;
  const record = context.record();
  const { specification } = record;
  const { keepConversionAs: name, recoveryPoint, machineId } = specification;
  if (name === undefined || recoveryPoint === undefined) return;
  const entry = {
    ...({ version: 2, name, keptAtMs: clock.nowMs(), programVersion: packageFile.version } as const),
    ...{ recoveryPoint, disks: keptDisks(specification), settings: conversionSettings(specification) },
    ...{ macAddress: macAddressFor(record), conversion },
  };
  try {
    if (!KEPT_NAME.test(name)) throw invalid(name);
    await kept.keep(entry, context.folder);
    logger.info('conversion-kept', { machineId, name });
  } catch (error) {
    logger.warn('conversion-not-kept', { machineId, name, reason: describeError(error) });
  }
}

function invalid(name: string): OperationError {
  return new OperationError('MACHINE_SPECIFICATION_INVALID', `${name} cannot be the name of a conversion`, {
    hint: 'use a launch host of the same version as the control plane',
  });
}
