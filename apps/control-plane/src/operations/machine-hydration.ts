/** HydrateMachine. */
import { ApiError, type Handlers } from '@landfall/api';
import type { MachineStatus } from '@landfall/channel';
import { askedHydration, checkHydrationLimit, hydrationOrder } from '../hydration/hydration-wish.ts';
import type { Service } from '../service.ts';
import { changeMachine, findMachine, type HydrationWish, type MachineRecord } from '../store/machines.ts';
import { askProgram, isAway } from './ask-program.ts';
import { currentStatus, showMachine } from './launched-machines.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'HydrateMachine'>;

const RESOURCE_TYPE = 'LaunchedMachine';

export const machineHydrationOperations: Operations = {
  /**
   * On record before the launch host hears of it, so that nobody tells it the limit of before; a launch host
   * that is away is told when it is back. One that refuses leaves nothing behind.
   */
  HydrateMachine: async ({ machineID, bytesPerSecondMax }, service) => {
    checkHydrationLimit('bytesPerSecondMax', bytesPerSecondMax);
    const { store } = service;
    const { known, asked } = await store.transaction(async (tx) => {
      const known = await findMachine(tx, machineID);
      if (known === undefined) throw ApiError.notFound(machineID, RESOURCE_TYPE);
      refuse(known, currentStatus(service, known));
      const hydration = askedHydration(known, bytesPerSecondMax);
      await changeMachine(tx, machineID, { hydration });
      return { known, asked: { ...known, hydration } };
    });
    const told = await tellOrTakeBack(service, known, asked);
    const machine = await store.transaction(async (tx) => {
      const current = (await findMachine(tx, machineID)) ?? asked;
      const status = newerOf(current.status, told);
      await changeMachine(tx, machineID, { status });
      return { ...current, status };
    });
    return { machine: showMachine(machine, currentStatus(service, machine)) };
  },
};

type Asked = MachineRecord & { readonly hydration: HydrationWish };

async function tellOrTakeBack(
  service: Service,
  { machineId, hydration: before }: MachineRecord,
  asked: Asked,
): Promise<MachineStatus | undefined> {
  try {
    return await tell(service, asked);
  } catch (error) {
    const hydration = before ?? { ...asked.hydration, isWanted: false, bytesPerSecondMax: null };
    await service.store.transaction((tx) => changeMachine(tx, machineId, { hydration }));
    throw error;
  }
}

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
