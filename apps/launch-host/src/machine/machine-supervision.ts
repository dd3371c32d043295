/**
 * What becomes of a running machine: noticed by looking, so that it is also noticed after a restart of ours.
 */
import type { RunState } from '@landfall/launch';
import { OperationError } from '@landfall/runtime';
import { type MachineContext, placeOf } from './machine-context.ts';
import { keepPortsClosed } from './machine-inbound.ts';
import { followPowerRequest } from './machine-power.ts';
import { withoutError } from './machine-record.ts';

/** Of the machine, or of the host as a whole: neither says anything of what became of the machine. */
const UNREACHABLE: readonly string[] = ['MACHINE_UNREACHABLE', 'HOST_UNREACHABLE'];

export async function observe(context: MachineContext): Promise<void> {
  if (context.record().phase !== 'RUNNING') return;
  const { host } = context.services;
  try {
    // One look for all that is decided: between two of them a guest may have ended.
    const isFound = await host.find(placeOf(context));
    const state = isFound ? await host.readRunState(placeOf(context)) : undefined;
    if (await followPowerRequest(context, state)) return;
    if (state === undefined) await reportDeath(context);
    else await actOnState(context, state);
  } catch (error) {
    if (!(error instanceof OperationError) || !UNREACHABLE.includes(error.code)) throw error;
    // It may just be ending: the next look finds no process, or an answer.
    context.services.logger.warn('machine-unreachable', {
      machineId: context.record().specification.machineId,
      error,
    });
  }
}

async function actOnState(context: MachineContext, state: RunState): Promise<void> {
  const { services } = context;
  const { host } = services;
  const { machineId } = context.record().specification;
  switch (state) {
    case 'POWERED_OFF':
      services.logger.info('machine-powered-off', { machineId });
      await host.stop(placeOf(context));
      return await context.update({ phase: 'STOPPED' });
    case 'PANICKED':
      return await fail(
        context,
        'GUEST_PANICKED',
        'the kernel of the machine panicked',
        'read its console; try another recovery point',
      );
    case 'BROKEN':
      return await fail(
        context,
        'MACHINE_DIED',
        'the hypervisor stopped the machine: internal error',
        'launch again',
      );
    case 'DISK_ERROR':
      return await goOnAfterDiskError(context);
    case 'RUNNING':
      await notePublished(context);
      await keepPortsClosed(context);
      return await clearDiskError(context);
    case 'PAUSED':
      return;
  }
}

/** L4: the request that failed is made again; until it succeeds the machine stands still and says why. */
async function goOnAfterDiskError(context: MachineContext): Promise<void> {
  const { machineId } = context.record().specification;
  context.services.logger.warn('machine-disk-error', { machineId });
  const error = {
    code: 'MACHINE_DISK_ERROR',
    message: 'a disk of the machine does not answer; the machine is paused and tries again',
    hint: 'check the free space of the launch host, and that the replication server runs until then',
  };
  await context.update({ error });
  await context.services.host.resume(placeOf(context));
}

/** Where the network gives the machine an address, it is known only once the machine has asked for it. */
async function notePublished(context: MachineContext): Promise<void> {
  const { specification, published } = context.record();
  if (published.length > 0 || specification.publishedPorts.length === 0) return;
  const host = await context.services.host.findAddress(placeOf(context));
  if (host === undefined) return;
  const ports = specification.publishedPorts.map((port) => ({ guestPort: port, hostPort: port, host }));
  await context.update({ published: ports });
}

async function clearDiskError(context: MachineContext): Promise<void> {
  const record = context.record();
  if (record.error?.code !== 'MACHINE_DISK_ERROR') return;
  await context.replace(withoutError(record));
}

async function reportDeath(context: MachineContext): Promise<void> {
  const said = await context.services.host.readLastWords(placeOf(context));
  const message = `QEMU ended by itself or was killed: ${said === '' ? 'it said nothing' : said}`;
  await fail(
    context,
    'MACHINE_DIED',
    message,
    'look at the memory of the launch host, then start the machine again',
  );
}

async function fail(context: MachineContext, code: string, message: string, hint: string): Promise<void> {
  const { machineId } = context.record().specification;
  context.services.logger.error('machine-failed', { machineId, code, message });
  await context.update({ phase: 'FAILED', error: { code, message, hint } });
}
