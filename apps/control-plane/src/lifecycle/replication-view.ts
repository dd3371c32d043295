/**
 * What the API says of a server's data replication, pure: the record, the last reports, and the time.
 *
 * R1 A server whose agent is away keeps the numbers of its last report, and its lag grows with the clock.
 * R2 `lagMs` is a number exactly when a machine could be launched now: the agent has said how old the newest
 *    durable state is, or the replication server has told of a recovery point.
 * R3 A disconnected or stopped server has no progress left to show: its data is being, or has been,
 *    discarded.
 */
import type { AgentReport, ReplicationServerReport } from '@landfall/channel';
import type { DataReplicationErrorString, DataReplicationState, DiskReplication } from '@landfall/model';
import { initiationSteps, isInitiated } from './initiation.ts';
import type { InitiationStep, SourceServerRecord } from './source-server.ts';
import { stagedServer } from './staged-server.ts';

export const AGENT_NOT_SEEN_MS = 60_000;
/** Reports come every few seconds; until one is overdue the lag it told is still right. */
const REPORT_OVERDUE_MS = 10_000;

export interface Seen<Report> {
  readonly atMs: number;
  readonly report: Report;
}

/** What of a record its replication is viewed by. */
export type ReplicatedServer = Pick<
  SourceServerRecord,
  'sourceServerId' | 'createdAtMs' | 'replicationServerId' | 'replication' | 'disks'
>;

export interface ReplicationFacts {
  readonly server: ReplicatedServer;
  readonly agent: Seen<AgentReport> | undefined;
  readonly replicationServer: Seen<ReplicationServerReport> | undefined;
  readonly nowMs: number;
}

export interface ReplicationView {
  readonly state: DataReplicationState;
  readonly error?: { readonly error: DataReplicationErrorString; readonly rawError: string };
  readonly steps: readonly InitiationStep[];
  readonly disks: readonly DiskReplication[];
  readonly lagMs: number | null;
  readonly etaMs: number | null;
  readonly lastPointAtMs: number | null;
  readonly firstBytes: boolean;
}

export function viewReplication(facts: ReplicationFacts): ReplicationView {
  const { server } = facts;
  if (server.replication.desired === 'UNINSTALL') return endedView(facts, 'DISCONNECTED');
  if (server.replication.desired === 'STOP') return endedView(facts, 'STOPPED');
  const firstBytes = hasFirstBytes(facts);
  const steps = initiationSteps(initiationFacts(facts, firstBytes), server.replication.steps);
  const problem = findProblem(facts);
  const lagMs = currentLagMs(facts);
  const state = problem === undefined ? liveState(facts, steps) : 'STALLED';
  return {
    state,
    ...(problem === undefined ? {} : { error: problem }),
    steps,
    disks: facts.agent?.report.replication.disks ?? emptyDisks(server, true),
    lagMs,
    etaMs: facts.agent?.report.replication.etaMs ?? null,
    lastPointAtMs: lagMs === null ? null : facts.nowMs - lagMs,
    firstBytes,
  };
}

function endedView({ server }: ReplicationFacts, state: 'DISCONNECTED' | 'STOPPED'): ReplicationView {
  const { steps } = server.replication;
  const empty = { lagMs: null, etaMs: null, lastPointAtMs: null };
  return { state, steps, disks: emptyDisks(server, false), firstBytes: false, ...empty };
}

function liveState(
  { server, agent }: ReplicationFacts,
  steps: readonly InitiationStep[],
): DataReplicationState {
  if (!isInitiated(steps)) return 'INITIATING';
  if (server.replication.desired === 'PAUSE') return 'PAUSED';
  return agent?.report.replication.state ?? 'INITIATING';
}

function findProblem(facts: ReplicationFacts): ReplicationView['error'] {
  const { agent, replicationServer, server, nowMs } = facts;
  const lastSeenMs = agent?.atMs ?? server.createdAtMs;
  if (nowMs - lastSeenMs > AGENT_NOT_SEEN_MS) {
    const seconds = Math.round((nowMs - lastSeenMs) / 1000);
    const rawError =
      `the agent was last heard of ${seconds} s ago; check that the server is up, ` +
      'that landfall-agent runs on it, and that it reaches the control plane';
    return { error: 'AGENT_NOT_SEEN', rawError };
  }
  const stalled = findServer(facts)?.stalled;
  if (replicationServer !== undefined && stalled !== undefined) {
    return { error: 'SNAPSHOTS_FAILURE', rawError: `${stalled.code}: ${stalled.message}` };
  }
  return agent?.report.replication.error;
}

function initiationFacts(
  facts: ReplicationFacts,
  firstBytes: boolean,
): Parameters<typeof initiationSteps>[0] {
  const { server, agent, replicationServer, nowMs } = facts;
  return {
    assigned: server.replicationServerId !== null,
    replicationServerSeen:
      replicationServer !== undefined && nowMs - replicationServer.atMs < AGENT_NOT_SEEN_MS,
    paired: server.replication.pairedAtMs !== null,
    connected: agent?.report.replication.connected === true || findServer(facts)?.connected === true,
    firstBytes,
  };
}

function hasFirstBytes(facts: ReplicationFacts): boolean {
  const replicated = facts.agent?.report.replication.disks.some((disk) => disk.replicatedStorageBytes > 0);
  const received = (findServer(facts)?.bytesReceived ?? 0) > 0;
  return facts.server.replication.firstByteAtMs !== null || replicated === true || received;
}

function findServer({ server, replicationServer }: ReplicationFacts) {
  return stagedServer(replicationServer?.report, server.sourceServerId);
}

function currentLagMs(facts: ReplicationFacts): number | null {
  const { agent, nowMs } = facts;
  if (agent === undefined || agent.report.replication.lagMs === null) return newestPointAgeMs(facts);
  return agent.report.replication.lagMs + Math.max(0, nowMs - agent.atMs - REPORT_OVERDUE_MS);
}

/** By the source's clock, so only where the agent itself has not said it. */
function newestPointAgeMs(facts: ReplicationFacts): number | null {
  const staged = findServer(facts);
  if (staged === undefined || staged.recoveryPoints === 0 || staged.lastCutTimeMs === null) return null;
  return Math.max(0, facts.nowMs - staged.lastCutTimeMs);
}

function emptyDisks(server: ReplicatedServer, keepSize: boolean): readonly DiskReplication[] {
  return server.disks.map((disk) => ({
    deviceName: disk.deviceName,
    totalStorageBytes: keepSize ? disk.sizeBytes : 0,
    replicatedStorageBytes: 0,
    rescannedStorageBytes: 0,
    backloggedStorageBytes: 0,
  }));
}
