/** A launch host in memory; how it speaks to the control plane: `simulated-programs.ts`. */
import type { TestContext } from 'node:test';
import type {
  CommandHandlers,
  KeptConversionFacts,
  LaunchHostCapabilities,
  MachineSpecification,
  MachineStatus,
} from '@landfall/channel';
import { GIB, OperationError } from '@landfall/runtime';
import { simulatedFiles } from './simulated-files.ts';
import { newMachine } from './simulated-machine.ts';
import { type Verdicts, withNextScript } from './simulated-post-launch.ts';
import { SimulatedPreflights } from './simulated-preflights.ts';
import {
  type CommandWatcher,
  connect,
  enrolProgram,
  type Identity,
  newIdentity,
} from './simulated-programs.ts';

export interface SimulatedLaunchHost extends CommandWatcher {
  readonly programId: string;
  readonly machines: Map<string, { specification: MachineSpecification; status: MachineStatus }>;
  /** Machines fail conversion while this is set. */
  failConversion: boolean;
  /** With this. */
  failureCode: string;
  /** Machines stay as they are while this is set. */
  isFrozen: boolean;
  /** Disks go on being filled in while this is set. */
  isFillingIn: boolean;
  /** There is no room to fill disks in while this is set. */
  hasNoRoom: boolean;
  /** Machines show no sign of life while this is set. */
  isLifeless: boolean;
  /** By name; as the control plane wants them. */
  readonly kept: Map<string, KeptConversionFacts>;
  /** Looks at a machine by itself, as the real one does. */
  look(machineId: string): void;
  /** What becomes of post-launch scripts. */
  readonly verdicts: Verdicts;
  freeMemoryBytes: number;
  /** Absent: a launch host of an older release. */
  capabilities: LaunchHostCapabilities | undefined;
  loadPerProcessor: number;
  readonly preflights: SimulatedPreflights;
  readonly done: string[];
}

const NO_ROOM = {
  code: 'OVERLAY_NO_SPACE',
  message: 'there is no room to fill in 1 GiB',
  hint: 'free space on the launch host',
};
const SIMULATED_NETWORKS = [
  { name: 'isolated', kind: 'ISOLATED' },
  { name: 'user', kind: 'USER' },
  { name: 'lab', kind: 'BRIDGE' },
];
const SIMULATED_CAPABILITIES: LaunchHostCapabilities = {
  ...{ kind: 'qemu', version: 'QEMU 7.2.0', acceleratorReason: 'there is no /dev/kvm: it is simulated' },
  firmware: [{ bootMode: 'LEGACY_BIOS', files: ['/usr/share/seabios/bios-256k.bin'] }],
  ...{ machineTypes: ['pc', 'q35'], cpuCount: 4, memoryBytes: 16 * GIB },
  ...{ diskTotalBytes: 100 * GIB, diskFreeBytes: 60 * GIB, readyAppliance: 'READY' },
};
/** One pixel. */
const SCREEN_PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

export async function simulateLaunchHost(
  t: TestContext,
  token: string,
  identity: Identity = newIdentity(),
): Promise<SimulatedLaunchHost> {
  const enrolled = await enrolProgram('launch-host', token, identity);
  const host: SimulatedLaunchHost = {
    programId: enrolled.programId,
    machines: new Map(),
    failConversion: false,
    failureCode: 'GUEST_UNSUPPORTED',
    isFrozen: false,
    isFillingIn: false,
    hasNoRoom: false,
    isLifeless: false,
    kept: new Map(),
    look: () => undefined,
    verdicts: new Map(),
    freeMemoryBytes: 8 * GIB,
    capabilities: SIMULATED_CAPABILITIES,
    loadPerProcessor: 0,
    preflights: new SimulatedPreflights(),
    done: [],
    onCommand: undefined,
  };
  connect(t, {
    role: 'launch-host',
    watcher: host,
    identity,
    enrolled,
    report: () => ({
      version: '0.1.0',
      accelerator: 'tcg',
      freeMemoryBytes: host.freeMemoryBytes,
      ...(host.capabilities === undefined ? {} : { capabilities: host.capabilities }),
      loadPerProcessor: host.loadPerProcessor,
      machines: [...host.machines.values()].map(({ status }) => status),
      keptConversions: [...host.kept.values()],
      networks: SIMULATED_NETWORKS,
    }),
    apply: ({ keptConversions }) => {
      const names = [...host.kept.keys()].filter((name) => keptConversions?.includes(name) === false);
      for (const name of names) host.kept.delete(name);
    },
    handlers: launchHostHandlers(host),
  });
  return host;
}

function launchHostHandlers(host: SimulatedLaunchHost): CommandHandlers<'launch-host'> {
  /** A command of before that comes late brings none of them back. */
  const terminated = new Set<string>();
  const find = (machineId: string) => {
    const machine = host.machines.get(machineId);
    if (machine === undefined) throw new OperationError('MACHINE_UNKNOWN', `no machine ${machineId}`);
    return machine;
  };
  const move = (machineId: string, change: Partial<MachineStatus>): MachineStatus => {
    const machine = find(machineId);
    machine.status = { ...machine.status, ...change, revision: machine.status.revision + 1 };
    return machine.status;
  };
  const switchOff = (machineId: string): MachineStatus => {
    const machine = find(machineId);
    const { powerRequest: _request, ...status } = machine.status;
    machine.status = status;
    return move(machineId, { phase: 'STOPPED', published: [] });
  };
  const advance = (machineId: string): MachineStatus => {
    if (host.isFrozen) return find(machineId).status;
    const { phase } = find(machineId).status;
    if (phase === 'CONVERTING' && host.failConversion) {
      const error = { code: host.failureCode, message: 'no system was found on its disks' };
      return move(machineId, { phase: 'FAILED', error });
    }
    if (phase === 'CONVERTING') {
      const { specification } = find(machineId);
      keepConversion(host, specification);
      return move(machineId, { phase: 'CONVERTED', ...preparedFor(host, specification) });
    }
    if (phase === 'CONVERTED') return move(machineId, { phase: 'RUNNING', startedAtMs: Date.now() });
    const { status, specification } = find(machineId);
    const postLaunch = withNextScript(specification, status, host.verdicts);
    if (postLaunch !== undefined) return move(machineId, { postLaunch });
    if (status.powerRequest === 'STOP') return switchOff(machineId);
    const [sign] = specification.signsOfLife ?? [];
    if (phase !== 'RUNNING' || sign === undefined || host.isLifeless || status.life) return status;
    return move(machineId, { life: { sign, atMs: Date.now(), detail: 'it says: login:' } });
  };
  host.look = (machineId) => void advance(machineId);
  return {
    ensureMachine: async (specification) => {
      const { machineId } = specification;
      host.done.push(`ensureMachine ${machineId}`);
      if (terminated.has(machineId)) return { ...newMachine(machineId), phase: 'TERMINATED' };
      if (host.machines.has(machineId)) return advance(machineId);
      const status = newMachine(machineId);
      host.machines.set(machineId, { specification, status });
      return status;
    },
    describeMachine: async ({ machineId }) => advance(machineId),
    hydrateMachine: async ({ machineId, bandwidthBytesPerSecond: limit }) => {
      host.done.push(`hydrateMachine ${machineId}`);
      const machine = find(machineId);
      const limited = limit === undefined ? {} : { bytesPerSecondMax: limit };
      const hydration = { ...filledIn(host, machine.status), ...limited };
      if (hydration.state === 'FAILED') return move(machineId, { hydration, error: NO_ROOM });
      const { error: _error, ...better } = machine.status;
      if (machine.status.error?.code === NO_ROOM.code) machine.status = better;
      return move(machineId, { hydration });
    },
    powerMachine: async ({ machineId, action, forced }) => {
      host.done.push(`powerMachine ${action}${forced ? ' forced' : ''} ${machineId}`);
      if (action === 'START') return move(machineId, { phase: 'RUNNING' });
      if (action === 'RESTART') return find(machineId).status;
      return forced ? switchOff(machineId) : move(machineId, { powerRequest: 'STOP' });
    },
    terminateMachine: async ({ machineId }) => {
      host.done.push(`terminateMachine ${machineId}`);
      terminated.add(machineId);
      if (!host.machines.has(machineId)) return { ...newMachine(machineId), phase: 'TERMINATED' };
      const status = move(machineId, { phase: 'TERMINATED' });
      host.machines.delete(machineId);
      return status;
    },
    ...host.preflights.handlers,
    ...simulatedFiles(),
    readConsole: async () => ({ text: 'login:' }),
    takeScreenshot: async () => ({ pngBase64: SCREEN_PNG }),
  };
}

/** Also of a machine that has died. */
function filledIn(
  { isFillingIn, hasNoRoom }: SimulatedLaunchHost,
  status: MachineStatus,
): MachineStatus['hydration'] {
  const { machineId, phase, hydration } = status;
  if (phase === 'CONVERTING') {
    const message = `machine ${machineId} is ${phase}: it has no disks to fill in yet`;
    throw new OperationError('MACHINE_NOT_READY', message, { retryable: true });
  }
  if (hydration.state === 'COMPLETE') return hydration;
  if (hasNoRoom && hydration.state !== 'RUNNING') return { ...hydration, state: 'FAILED' };
  if (isFillingIn) return { state: 'RUNNING', doneBytes: 0, totalBytes: GIB };
  return { state: 'COMPLETE', doneBytes: GIB, totalBytes: GIB };
}

/** Of settings it knows nothing: what is kept is used. */
function preparedFor(
  { kept }: SimulatedLaunchHost,
  { preparedConversion: name, purpose }: MachineSpecification,
): Pick<MachineStatus, 'preparedConversion'> {
  if (name === undefined || purpose === 'PROOF') return {};
  const isUsed = kept.has(name);
  const why = isUsed ? {} : { reason: 'it is not on this launch host' };
  return { preparedConversion: { isUsed, ...why } };
}

function keepConversion(
  { kept }: SimulatedLaunchHost,
  { keepConversionAs: name, recoveryPoint }: MachineSpecification,
): void {
  if (name === undefined || recoveryPoint === undefined) return;
  kept.set(name, { name, recoveryPoint, keptAtMs: Date.now(), bytes: GIB });
}
