/** DescribeLaunchedMachines, GetConsoleOutput, GetConsoleScreenshot. */
import { ApiError, type Handlers, isoDateTime, type Landfall, paginate } from '@landfall/api';
import type { MachineStatus, PostLaunchOutcome } from '@landfall/channel';
import type { Service } from '../service.ts';
import { findMachine, listMachines, type MachineRecord } from '../store/machines.ts';
import { askProgram } from './ask-program.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  'DescribeLaunchedMachines' | 'GetConsoleOutput' | 'GetConsoleScreenshot'
>;

const CONSOLE_BYTES_DEFAULT = 64 * 1024;
const NOT_HYDRATED = { state: 'NOT_STARTED', doneBytes: 0, totalBytes: 0 } as const;

export const launchedMachineOperations: Operations = {
  DescribeLaunchedMachines: async (input, service) => {
    const machines = await listMachines(service.store.db, input.sourceServerIDs);
    const current = machines.map((machine) => ({ machine, status: currentStatus(service, machine) }));
    const wanted = current.filter((one) => matches(one, input));
    const { maxResults = wanted.length, nextToken, ...filters } = input;
    const page = paginate(
      wanted,
      { maxResults, nextToken },
      {
        listing: `DescribeLaunchedMachines ${JSON.stringify(filters)}`,
        sortKeyOf: ({ machine }) => `${String(machine.createdAtMs).padStart(15, '0')} ${machine.machineId}`,
        order: 'descending',
      },
    );
    return { ...page, items: page.items.map(({ machine, status }) => showMachine(machine, status)) };
  },

  GetConsoleOutput: async ({ machineID, tailBytes = CONSOLE_BYTES_DEFAULT }, service) => {
    const host = await requireHost(service, machineID);
    return askProgram(service, host, 'readConsole', { machineId: machineID, tailBytes });
  },

  GetConsoleScreenshot: async ({ machineID }, service) => {
    const host = await requireHost(service, machineID);
    return askProgram(service, host, 'takeScreenshot', { machineId: machineID });
  },
};

interface CurrentMachine {
  readonly machine: MachineRecord;
  readonly status: MachineStatus | null;
}

function matches(
  { machine, status }: CurrentMachine,
  { sourceServerIDs = [], machineIDs = [], phases = [] }: Landfall.DescribeLaunchedMachinesRequest,
): boolean {
  return (
    (sourceServerIDs.length === 0 || sourceServerIDs.includes(machine.sourceServerId)) &&
    (machineIDs.length === 0 || machineIDs.includes(machine.machineId)) &&
    (phases.length === 0 || phases.includes(phaseOf(status)))
  );
}

/** One that no launch host has told of yet is about to be converted. */
function phaseOf(status: MachineStatus | null): Landfall.LaunchedMachinePhase {
  return status?.phase ?? 'CONVERTING';
}

async function requireHost({ store }: Service, machineId: string) {
  const machine = await findMachine(store.db, machineId);
  if (machine === undefined) throw ApiError.notFound(machineId, 'LaunchedMachine');
  return { role: 'launch-host', programId: machine.launchHostId } as const;
}

/** The newer of the launch host's last report, while the machine is on it, and of what a job saw last. */
export function currentStatus({ reports }: Service, machine: MachineRecord): MachineStatus | null {
  const { machineId, launchHostId, onHost, status } = machine;
  const report = reports.last('launch-host', launchHostId)?.report;
  const reported = report?.machines.find((one) => one.machineId === machineId);
  if (!onHost || reported === undefined) return status;
  if (status !== null && status.revision > reported.revision) return status;
  return withWholeOutputs(reported, status);
}

/** Reports tell the end of an output only; jobs keep all of it. */
function withWholeOutputs(reported: MachineStatus, kept: MachineStatus | null): MachineStatus {
  if (reported.postLaunch === undefined) return reported;
  const postLaunch = reported.postLaunch.map((outcome) => {
    const whole = kept?.postLaunch?.find(({ actionId }) => actionId === outcome.actionId);
    return whole?.state === outcome.state ? whole : outcome;
  });
  return { ...reported, postLaunch };
}

export function showMachine(machine: MachineRecord, status: MachineStatus | null): Landfall.LaunchedMachine {
  const { epoch, cutTimeMs, consistency } = machine.recoveryPoint;
  return {
    machineID: machine.machineId,
    sourceServerID: machine.sourceServerId,
    jobID: machine.jobId,
    purpose: machine.purpose,
    phase: phaseOf(status),
    recoveryPoint: { epoch, cutDateTime: isoDateTime(cutTimeMs), consistency },
    published: status?.published ?? [],
    hydration: showHydration(machine, status),
    conversion: status?.conversion ?? [],
    startedDateTime:
      status === null || status.startedAtMs === null ? undefined : isoDateTime(status.startedAtMs),
    error: status?.error,
    instanceType: machine.instanceType,
    tags: machine.tags,
    postLaunch: status?.postLaunch?.map(showOutcome),
  };
}

/** The limit that is wanted: its launch host may not have heard of it yet. */
function showHydration(
  { hydration: wish }: Pick<MachineRecord, 'hydration'>,
  status: MachineStatus | null,
): Landfall.Hydration {
  const { state, doneBytes, totalBytes } = status?.hydration ?? NOT_HYDRATED;
  return { state, doneBytes, totalBytes, bytesPerSecondMax: wish?.bytesPerSecondMax ?? undefined };
}

function showOutcome({ actionId, startedAtMs, endedAtMs, ...outcome }: PostLaunchOutcome) {
  return {
    ...outcome,
    actionID: actionId,
    startedDateTime: startedAtMs === null ? undefined : isoDateTime(startedAtMs),
    endedDateTime: endedAtMs === null ? undefined : isoDateTime(endedAtMs),
  };
}
