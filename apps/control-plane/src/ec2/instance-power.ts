/**
 * StartInstances, StopInstances, RebootInstances, TerminateInstances. States are checked before anything is
 * done, so a call does all or, for a state that is wrong, nothing. Ending a machine is the job that MGN has
 * for it, with its rules: they protect a machine as EC2's termination protection does.
 */
import { ApiError, type Ec2Handlers, ec2Error, type XmlMembers } from '@landfall/api';
import { askProgram } from '../operations/ask-program.ts';
import { launchOperations } from '../operations/launches.ts';
import type { Service } from '../service.ts';
import { changeMachine, listMachinesOf, type MachineRecord } from '../store/machines.ts';
import { listEndingServers } from '../store/running-jobs.ts';
import { requireMachines } from './find-machines.ts';
import { type Instance, type InstanceState, instanceOf, showState, stateOf } from './instance.ts';
import { answered } from './unavailable.ts';

type Operations = Pick<
  Ec2Handlers<Service>,
  'StartInstances' | 'StopInstances' | 'RebootInstances' | 'TerminateInstances'
>;

export const instancePowerOperations: Operations = {
  StartInstances: async ({ InstanceId }, service) => {
    const instances = await requireIn(service, InstanceId, ['stopped', 'pending', 'running']);
    return { instancesSet: await changePower(service, instances, { action: 'START', from: ['stopped'] }) };
  },

  StopInstances: async ({ InstanceId, Force = false }, service) => {
    const instances = await requireIn(service, InstanceId, ['running', 'stopping', 'stopped']);
    const from = Force ? (['running', 'stopping'] as const) : (['running'] as const);
    return { instancesSet: await changePower(service, instances, { action: 'STOP', from, forced: Force }) };
  },

  RebootInstances: async ({ InstanceId }, service) => {
    const instances = await requireIn(service, InstanceId, ['running']);
    await changePower(service, instances, { action: 'RESTART', from: ['running'] });
    return { return: true };
  },

  TerminateInstances: async ({ InstanceId }, service) => {
    const instances = await instancesNamed(service, InstanceId);
    const machines = instances
      .filter(({ state }) => state !== 'terminated' && state !== 'shutting-down')
      .map(({ machine }) => machine);
    if (machines.length > 0) await startTermination(service, machines);
    return {
      instancesSet: instances.map((instance) =>
        showChange(instance, instance.state === 'terminated' ? 'terminated' : 'shutting-down'),
      ),
    };
  },
};

async function instancesNamed(service: Service, ids: readonly string[]): Promise<readonly Instance[]> {
  const { db } = service.store;
  if (ids.length === 0)
    throw ec2Error('MissingParameter', 'The request must contain the parameter InstanceId');
  const [machines, ending] = await Promise.all([requireMachines(db, ids), listEndingServers(db)]);
  return machines.map((machine) => instanceOf(service, machine, ending));
}

/** Errors: IncorrectInstanceState. */
async function requireIn(
  service: Service,
  ids: readonly string[],
  states: readonly InstanceState[],
): Promise<readonly Instance[]> {
  const instances = await instancesNamed(service, ids);
  const wrong = instances.find(({ state }) => !states.includes(state));
  if (wrong === undefined) return instances;
  const { machine, state } = wrong;
  const why = `The instance '${machine.machineId}' is not in a state from which it can be changed so: it is ${state}`;
  throw ec2Error('IncorrectInstanceState', why);
}

interface PowerChange {
  readonly action: 'START' | 'STOP' | 'RESTART';
  /** In all other states it is done already. */
  readonly from: readonly InstanceState[];
  readonly forced?: boolean;
}

function changePower(
  service: Service,
  instances: readonly Instance[],
  { action, from, forced = false }: PowerChange,
): Promise<readonly XmlMembers[]> {
  const changes = instances.map(async (instance) => {
    const { machine, state } = instance;
    if (!from.includes(state)) return showChange(instance, state);
    const { machineId } = machine;
    const host = { role: 'launch-host', programId: machine.launchHostId } as const;
    const status = await answered(askProgram(service, host, 'powerMachine', { machineId, action, forced }));
    await service.store.transaction((tx) => changeMachine(tx, machineId, { status }));
    return showChange(instance, stateOf(machine, status));
  });
  return Promise.all(changes);
}

function showChange({ machine, state }: Instance, current: InstanceState): XmlMembers {
  return {
    instanceId: machine.machineId,
    currentState: showState(current),
    previousState: showState(state),
  };
}

/** Errors: OperationNotPermitted. */
async function startTermination(service: Service, machines: readonly MachineRecord[]): Promise<void> {
  const named = new Set(machines.map(({ machineId }) => machineId));
  const servers = [...new Set(machines.map(({ sourceServerId }) => sourceServerId))];
  for (const sourceServerId of servers) {
    const held = await listMachinesOf(service.store.db, sourceServerId);
    const other = held.find(
      ({ onHost, exportOpen, machineId }) => (onHost || exportOpen) && !named.has(machineId),
    );
    if (other !== undefined) {
      throw notPermitted(`${other.machineId} of ${sourceServerId} would be terminated with it; name both`);
    }
  }
  try {
    await launchOperations.TerminateTargetInstances({ sourceServerIDs: servers }, service);
  } catch (error) {
    if (!(error instanceof ApiError) || error.name !== 'ConflictException') throw error;
    throw notPermitted(error.message);
  }
}

function notPermitted(why: string): ApiError {
  return ec2Error('OperationNotPermitted', `The instance may not be terminated: ${why}`);
}
