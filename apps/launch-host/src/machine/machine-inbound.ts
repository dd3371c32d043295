/**
 * Which TCP ports of a machine are let in, where its network would let all of them in. A machine that is
 * already known from before there was a choice keeps what it had: all.
 */
import { OperationError } from '@landfall/runtime';
import { macAddressFor, networkPlaceOf } from './machine-address.ts';
import type { MachineContext } from './machine-context.ts';
import { withoutError } from './machine-record.ts';

/** Of the machine's own ports, or of what keeps it apart. */
const UNGUARDED: readonly (string | undefined)[] = ['INBOUND_NOT_FILTERED', 'NETWORK_NOT_ISOLATED'];

/** Errors: INBOUND_NOT_FILTERED, NETWORK_NOT_ISOLATED. */
export async function closePorts({ record, services }: MachineContext): Promise<void> {
  const { specification } = record();
  const { inboundTraffic, publishedPorts: inboundPorts } = specification;
  if (inboundTraffic !== 'LISTED_PORTS') return;
  const macAddress = macAddressFor(record());
  await services.host.closePorts({ ...networkPlaceOf(specification), macAddress, inboundPorts });
}

/** At each look at a machine that runs. What keeps it from that is told, and tried again. */
export async function keepPortsClosed(context: MachineContext): Promise<void> {
  const { machineId } = context.record().specification;
  try {
    await closePorts(context);
  } catch (error) {
    if (!(error instanceof OperationError) || !UNGUARDED.includes(error.code)) throw error;
    const { code, message, hint } = error;
    if (context.record().error?.message === message) return;
    context.services.logger.error('machine-unguarded', { machineId, error });
    return await context.update({ error: { code, message, ...(hint === undefined ? {} : { hint }) } });
  }
  if (UNGUARDED.includes(context.record().error?.code)) await context.replace(withoutError(context.record()));
}
