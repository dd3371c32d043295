/** Launched machines by EC2's names for them. */
import { ec2Error } from '@landfall/api';
import { findMachine, type MachineRecord } from '../store/machines.ts';
import type { Queries } from '../store/schema.ts';

/** Errors: InvalidInstanceID.NotFound. */
export async function requireMachine(db: Queries, machineId: string): Promise<MachineRecord> {
  const [machine] = await requireMachines(db, [machineId]);
  return machine ?? machineUnknown([machineId]);
}

/** Each once, in the order they are named. Errors: InvalidInstanceID.NotFound. */
export async function requireMachines(
  db: Queries,
  machineIds: readonly string[],
): Promise<readonly MachineRecord[]> {
  const ids = [...new Set(machineIds)];
  const found = await Promise.all(ids.map((id) => findMachine(db, id)));
  const missing = ids.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) machineUnknown(missing);
  return found.filter((machine) => machine !== undefined);
}

function machineUnknown(ids: readonly string[]): never {
  const [plural, verb] = ids.length === 1 ? ['', 'does'] : ['s', 'do'];
  throw ec2Error(
    'InvalidInstanceID.NotFound',
    `The instance ID${plural} '${ids.join(', ')}' ${verb} not exist`,
  );
}
