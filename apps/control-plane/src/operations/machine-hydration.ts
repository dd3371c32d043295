/** HydrateMachine. */
import { ApiError, type Handlers } from '@landfall/api';
import type { MachineStatus } from '@landfall/channel';
import { askedHydration, checkHydrationLimit, hydrationOrder } from '../hydration/hydration-wish.ts';
import type { Service } from '../service.ts';
import { changeMachine, findMachine, type MachineRecord } from '../store/machines.ts';
import { askProgram, isAway } from './ask-program.ts';
import { currentStatus, showMachine } from './launched-machines.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'HydrateMachine'>;

const RESOURCE_TYPE = 'LaunchedMachine';

export const machineHydrationOperations: Operations = {
  /**
   * Asked of the launch host before it is on record: one that refuses leaves nothing behind. A launch host
   * that is away is told when it is back.
   */
  HydrateMachine: async ({ machineID, bytesPerSecondMax }, service) => {
    checkHydrationLimit('bytesPerSecondMax', bytesPerSecondMax);
    const { store } = service;
    const known = await findMachine(store.db, machineID);
    if (known === undefined) throw ApiError.notFound(machineID, RESOURCE_TYPE);
    refuse(known, currentStatus(service, known));
    const asked = { ...known, hydration: askedHydration(known, bytesPerSecondMax) };
    const told = await tell(service, asked);
    const machine = await store.transaction(async (tx) => {
      const current = (await findMachine(tx, machineID)) ?? known;
      const hydration = askedHydration(current, bytesPerSecondMax);
      const change = { hydration, status: newerOf(current.status, told) };
      await changeMachine(tx, machineID, change);
      return { ...current, ...change };
    });
    return { machine: showMachine(machine, currentStatus(service, machine)) };
  },
};

/** `undefined`: its launch host is away. */
async function tell(service: Service, machine: MachineRecord): Promise<MachineStatus | undefined> {
  const host = { role: 'launch-host', programId: machine.launchHostId } as const;
  try {
    return await askProgram(service, host, 'hydrateMachine', hydrationOrder(machine));
  } catch (error) {
    if (isAway(error)) return undefined;
    throw error;
  }
}

/** Reports come later than this answer: who looks again at once must not see less. */
function newerOf(known: MachineStatus | null, told: MachineStatus | undefined): MachineStatus | null {
  return told === undefined || (known !== null && known.revision > told.revision) ? known : told;
}

/** Errors: ConflictException. */
function refuse({ machineId, onHost, exportOpen }: MachineRecord, status: MachineStatus | null): void {
  const conflict = (why: string) =>
    ApiError.conflict(`${machineId} ${why}.`, { resourceId: machineId, resourceType: RESOURCE_TYPE });
  if (status?.phase === 'TERMINATED' || (!onHost && !exportOpen)) {
    throw conflict('was terminated, and its disks are gone; launch the server again');
  }
  if (status === null || status.phase === 'CONVERTING') {
    throw conflict('has no disks of its own yet: it is being converted; ask again when it runs');
  }
  if (status.hydration.state === 'COMPLETE') {
    throw conflict('depends on nothing any more: its disks are complete');
  }
}
