/**
 * A launched machine as an instance of EC2: its state, its tags, what it is connected to. A machine that is
 * converted is pending; one that failed after its start is stopped, with the reason.
 */
import { isoDateTime } from '@landfall/api';
import type { MachineStatus } from '@landfall/channel';
import { currentStatus } from '../operations/launched-machines.ts';
import type { Service } from '../service.ts';
import { listMachines, type MachineRecord } from '../store/machines.ts';
import { listEndingServers } from '../store/running-jobs.ts';
import { serverTags } from './find-template.ts';

export const INSTANCE_STATES = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const;

export type InstanceState = keyof typeof INSTANCE_STATES;

export interface Instance {
  readonly machine: MachineRecord;
  readonly status: MachineStatus | null;
  readonly state: InstanceState;
}

/** A terminated instance is listed so long; by its id it is found ever after. */
const TERMINATED_LISTED_MS = 3_600_000;

/** All there were. */
export async function listInstances(service: Service): Promise<readonly Instance[]> {
  const { db } = service.store;
  const [machines, ending] = await Promise.all([listMachines(db), listEndingServers(db)]);
  return machines.map((machine) => instanceOf(service, machine, ending));
}

export function instanceOf(service: Service, machine: MachineRecord, ending: ReadonlySet<string>): Instance {
  const status = currentStatus(service, machine);
  const state = stateOf(machine, status);
  const isEnding = state !== 'terminated' && ending.has(machine.sourceServerId);
  return { machine, status, state: isEnding ? 'shutting-down' : state };
}

/** What a listing without ids shows. */
export function isListed({ clock }: Pick<Service, 'clock'>, { machine, state }: Instance): boolean {
  const { endedAtMs = 0 } = machine;
  return state !== 'terminated' || clock.nowMs() - endedAtMs < TERMINATED_LISTED_MS;
}

export function stateOf(
  { onHost, exportOpen }: Pick<MachineRecord, 'onHost' | 'exportOpen'>,
  status: MachineStatus | null,
): InstanceState {
  if (!onHost && !exportOpen) return 'terminated';
  switch (status?.phase) {
    case 'RUNNING':
      return status.powerRequest === 'STOP' ? 'stopping' : 'running';
    case 'STOPPED':
    case 'FAILED':
      return 'stopped';
    case 'TERMINATED':
      return 'terminated';
    default:
      return 'pending';
  }
}

export function showState(state: InstanceState) {
  return { code: INSTANCE_STATES[state], name: state };
}

/** The machine's own win over what we tell of it. */
export function instanceTags({ machine, status, state }: Instance): Readonly<Record<string, string>> {
  const { sourceServerId, purpose, recoveryPoint, made, tags } = machine;
  const template = made && {
    Name: made.name,
    'aws:ec2launchtemplate:id': made.launchTemplate.launchTemplateId,
    'aws:ec2launchtemplate:version': String(made.launchTemplate.versionNumber),
  };
  const published = state === 'running' ? (status?.published ?? []) : [];
  return {
    ...template,
    ...serverTags(sourceServerId),
    'landfall:purpose': purpose,
    'landfall:recovery-point': isoDateTime(recoveryPoint.cutTimeMs),
    ...Object.fromEntries(
      published.map(({ guestPort, host, port }) => [`landfall:port:${guestPort}`, `${host}:${port}`]),
    ),
    ...tags,
  };
}

/** Why it is not as it should be. */
export function stateReasonOf({ status, state }: Instance) {
  if (status?.error !== undefined && state !== 'running') {
    return { code: 'Server.InternalError', message: `${status.error.code}: ${status.error.message}` };
  }
  if (state === 'terminated') return { code: 'Client.UserInitiatedShutdown', message: 'terminated' };
  return state === 'stopped'
    ? { code: 'Client.InstanceInitiatedShutdown', message: 'powered off' }
    : undefined;
}

/** Where a network gave it one of its own, or the template did; a port on its launch host is none. */
export function privateAddressOf({ machine, status }: Instance): string | undefined {
  const kept = machine.made?.addresses?.find(({ address }) => !address.includes(':'));
  if (kept !== undefined) return kept.address.split('/')[0];
  return status?.published.find(({ host }) => host !== '127.0.0.1')?.host;
}

const DEFAULT_NETWORKS = {
  TEST: ['isolated', 'landfall-isolated'],
  CUTOVER: ['user', 'default'],
} as const;

/** That of its template, or the default of its launch host. */
export function networkOf({ reports }: Pick<Service, 'reports'>, { machine }: Instance): string | undefined {
  const { made, purpose, launchHostId } = machine;
  if (made?.networkName !== undefined) return made.networkName;
  const { networks = [] } = reports.last('launch-host', launchHostId)?.report ?? {};
  const defaults: readonly string[] = DEFAULT_NETWORKS[purpose];
  return networks.find(({ name }) => defaults.includes(name))?.name;
}
