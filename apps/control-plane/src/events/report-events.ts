/**
 * What the reports of programs are events of. They are not written to the store as they come, so they are
 * compared with the report before. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type {
  AgentReport,
  LaunchHostReport,
  MachineStatus,
  ReplicationServerReport,
} from '@landfall/channel';
import { areSameTiers, type RetentionInForce } from '@landfall/model';
import { formatDurationMs } from '@landfall/runtime';
import type { NewEvent } from './event-log.ts';

export interface ReportEvents {
  readonly events: readonly NewEvent[];
  /** Those that say more than that a number is another one now. */
  readonly notable: readonly NewEvent[];
}

type StagedServer = ReplicationServerReport['servers'][number];

/** Its lag is another with every report. */
export function eventsOfAgent(
  sourceServerId: string,
  before: AgentReport | undefined,
  { replication }: AgentReport,
): ReportEvents {
  const { state, lagMs, connected, error } = replication;
  const lag = lagMs === null ? '' : `, lag ${formatDurationMs(lagMs)}`;
  const events = [ofServer('ReplicationChanged', sourceServerId, `${state}${lag}`)];
  const known = before?.replication;
  const isSame =
    known?.state === state && known.connected === connected && known.error?.error === error?.error;
  return { events, notable: isSame ? [] : events };
}

export function silenceOfAgent(sourceServerId: string): ReportEvents {
  const events = [ofServer('ReplicationChanged', sourceServerId, 'the agent is not heard of')];
  return { events, notable: events };
}

export function eventsOfReplicationServer(
  before: ReplicationServerReport | undefined,
  { servers }: ReplicationServerReport,
): ReportEvents {
  const known = new Map(before?.servers.map((server) => [server.sourceServerId, server]));
  const events = servers.flatMap((server) => eventsOfStaged(known.get(server.sourceServerId), server));
  return { events, notable: events.filter(({ type }) => type !== 'RecoveryPointChanged') };
}

function eventsOfStaged(before: StagedServer | undefined, after: StagedServer): readonly NewEvent[] {
  const { sourceServerId, lastEpoch, recoveryPoints, connected, stalled } = after;
  const events: NewEvent[] = [];
  if (before?.lastEpoch !== lastEpoch || before.recoveryPoints !== recoveryPoints) {
    events.push(ofServer('RecoveryPointChanged', sourceServerId, `${recoveryPoints} recovery points`));
  }
  if (before?.connected !== connected || before.stalled?.code !== stalled?.code) {
    const summary = stalled?.code ?? (connected ? 'connected to staging' : 'not connected to staging');
    events.push(ofServer('ReplicationChanged', sourceServerId, summary));
  }
  const suspicions = after.tripwire?.suspicions ?? [];
  if (JSON.stringify(before?.tripwire?.suspicions ?? []) !== JSON.stringify(suspicions)) {
    const open = suspicions.filter(({ acknowledgedAtMs }) => acknowledgedAtMs === null).length;
    const summary = open === 0 ? 'no open suspicion' : `${open} open suspicion${open === 1 ? '' : 's'}`;
    events.push(ofServer('TripwireChanged', sourceServerId, summary));
  }
  if (after.retention !== undefined && !isSameRetention(before?.retention, after.retention))
    events.push(ofServer('RetentionChanged', sourceServerId, `retention by ${after.retention.origin}`));
  return events;
}

function isSameRetention(before: RetentionInForce | undefined, after: RetentionInForce): boolean {
  return before?.origin === after.origin && areSameTiers(before.tiers, after.tiers);
}

/** A status carries a revision: another one, another event. */
export function changedMachines(
  before: LaunchHostReport | undefined,
  { machines }: LaunchHostReport,
): readonly MachineStatus[] {
  const known = new Map(before?.machines.map(({ machineId, revision }) => [machineId, revision]));
  return machines.filter(({ machineId, revision }) => known.get(machineId) !== revision);
}

/**
 * How far its disks have come is another with every report. What keeps them from filling in does not end a
 * machine, so the phase alone would not tell it.
 */
export function eventsOfMachine(
  sourceServerId: string,
  before: MachineStatus | undefined,
  after: MachineStatus,
): ReportEvents {
  const { machineId, phase, error } = after;
  const summary = error === undefined ? phase : `${phase}, ${error.code}`;
  const event = { type: 'LaunchedMachineChanged', resourceId: machineId, sourceServerId, summary } as const;
  return { events: [event], notable: isSameMachine(before, after) ? [] : [event] };
}

function isSameMachine(before: MachineStatus | undefined, after: MachineStatus): boolean {
  return before !== undefined && isDeepStrictEqual(withoutProgress(before), withoutProgress(after));
}

function withoutProgress({ revision: _revision, hydration, ...rest }: MachineStatus) {
  const { state, bytesPerSecondMax } = hydration;
  return { ...rest, state, bytesPerSecondMax };
}

function ofServer(type: NewEvent['type'], sourceServerId: string, summary: string): NewEvent {
  return { type, resourceId: sourceServerId, sourceServerId, summary };
}
