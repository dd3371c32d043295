/**
 * An agent and a replication server that keep their state in memory but speak the private protocol over real
 * TLS with the real client; so does `simulated-launch-host.ts`. Their state outlives restarts of the control
 * plane, as that of the real ones does.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { TestContext } from 'node:test';
import {
  type AgentConfiguration,
  type AgentReport,
  type CommandHandlers,
  type ConfigurationByRole,
  type EnrolOptions,
  type EnrolResult,
  enrol,
  type MachineDisk,
  type ProgramRole,
  type ReplicationServerConfiguration,
  type ReportByRole,
  runChannel,
} from '@landfall/channel';
import type {
  Forecast,
  ProofFacts,
  RecoveryPoint,
  RetentionInForce,
  SourceProperties,
} from '@landfall/model';
import { GIB, OperationError, silentLogger, systemRandom } from '@landfall/runtime';
import { cleanUpAfter } from './clean-up.ts';
import { simulatedJournals } from './simulated-journals.ts';
import { SimulatedMarks } from './simulated-marks.ts';
import { retentionOfServer, simulatedRetention } from './simulated-retention.ts';
import { simulatedSeeds } from './simulated-seeds.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from './source-fixtures.ts';

const REPORT_INTERVAL_MS = 40;

export interface Identity {
  readonly installId: string;
  readonly keyPem: string;
}

export function newIdentity(): Identity {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    installId: systemRandom.uuid(),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

export function enrolAgent(token: string, identity: Identity): Promise<EnrolResult> {
  return enrolProgram('agent', token, identity, { sourceProperties: SOURCE_PROPERTIES, disks: SOURCE_DISKS });
}

export function enrolProgram(
  role: ProgramRole,
  token: string,
  identity: Identity,
  more: Partial<EnrolOptions> = {},
): Promise<EnrolResult> {
  return enrol({ ...more, ...identity, role, token, version: '0.1.0' });
}

/** Told of every command before it is done; tests use it to crash things at the worst moment. */
export interface CommandWatcher {
  onCommand: ((name: string) => Promise<void> | void) | undefined;
}

interface Connection<Role extends ProgramRole> {
  readonly watcher: CommandWatcher;
  readonly role: Role;
  readonly identity: Identity;
  readonly enrolled: EnrolResult;
  readonly report: () => ReportByRole[Role];
  readonly handlers: CommandHandlers<Role>;
  readonly apply?: (configuration: ConfigurationByRole[Role]) => void;
}

export function connect<Role extends ProgramRole>(
  t: TestContext,
  connection: Connection<Role>,
): () => Promise<void> {
  const { role, enrolled, identity } = connection;
  const ending = new AbortController();
  const channel = runChannel<Role>({
    role,
    controlPlaneUrl: enrolled.controlPlaneUrl,
    caPem: enrolled.caPem,
    certificatePem: enrolled.certificatePem,
    keyPem: identity.keyPem,
    report: async () => connection.report(),
    applyConfiguration: async (configuration) => connection.apply?.(configuration),
    handlers: watched(connection.handlers, connection.watcher),
    reportIntervalMs: REPORT_INTERVAL_MS,
    pollWaitMs: 2000,
    logger: silentLogger,
    signal: ending.signal,
  });
  const leave = async () => {
    ending.abort();
    await channel.finished;
  };
  cleanUpAfter(t, leave);
  return leave;
}

function watched<Role extends ProgramRole>(
  handlers: CommandHandlers<Role>,
  watcher: CommandWatcher,
): CommandHandlers<Role> {
  const wrapped = Object.entries<unknown>(handlers).map(([name, handler]) => [
    name,
    async (input: unknown) => {
      await watcher.onCommand?.(name);
      return (handler as (input: unknown) => Promise<unknown>)(input);
    },
  ]);
  return Object.fromEntries(wrapped) as CommandHandlers<Role>;
}

/** What source and replication server agree on: the recovery points there are. */
export interface SimulatedReplica {
  epoch: number;
}

export interface SimulatedAgent extends CommandWatcher {
  readonly sourceServerId: string;
  readonly replica: SimulatedReplica;
  /** Set by the control plane. */
  configuration: AgentConfiguration | undefined;
  /** Begin to have recovery points. */
  synced: boolean;
  /** Answer barriers with this error. */
  refuseBarrier: boolean;
  readonly barriers: number[];
  forecast: Forecast | undefined;
  sourceProperties: SourceProperties;
  /** What it says of the proof it is told to make. */
  proof: Omit<ProofFacts, 'proofId'> | undefined;
  leave(): Promise<void>;
}

export async function simulateAgent(
  t: TestContext,
  token: string,
  identity: Identity = newIdentity(),
): Promise<SimulatedAgent> {
  const enrolled = await enrolAgent(token, identity);
  const agent: SimulatedAgent = {
    sourceServerId: enrolled.programId,
    replica: { epoch: 0 },
    configuration: undefined,
    synced: false,
    refuseBarrier: false,
    barriers: [],
    forecast: undefined,
    sourceProperties: SOURCE_PROPERTIES,
    proof: undefined,
    onCommand: undefined,
    leave: async () => undefined,
  };
  const takeRecoveryPoint = async () => {
    if (agent.refuseBarrier) throw new OperationError('BARRIER_REFUSED', 'not now');
    agent.replica.epoch += 1;
    agent.barriers.push(agent.replica.epoch);
    return pointOf(agent.replica.epoch);
  };
  agent.leave = connect(t, {
    role: 'agent',
    watcher: agent,
    identity,
    enrolled,
    report: () => agentReport(agent),
    apply: (configuration) => {
      agent.configuration = configuration;
    },
    handlers: { takeRecoveryPoint },
  });
  return agent;
}

function agentReport(agent: SimulatedAgent): AgentReport {
  const { synced, configuration, replica } = agent;
  if (synced && replica.epoch === 0) replica.epoch = 1;
  return {
    version: '0.1.0',
    sourceProperties: agent.sourceProperties,
    disks: SOURCE_DISKS,
    replication: {
      state: synced ? 'CONTINUOUS' : 'INITIAL_SYNC',
      disks: SOURCE_DISKS.map(({ deviceName, sizeBytes }) => ({
        deviceName,
        totalStorageBytes: sizeBytes,
        replicatedStorageBytes: synced ? sizeBytes : 0,
        rescannedStorageBytes: 0,
        backloggedStorageBytes: 0,
      })),
      lagMs: synced ? 400 : null,
      etaMs: synced ? 0 : null,
      lastEpoch: replica.epoch,
      connected: configuration?.replicationServer !== undefined,
      bytesRead: synced ? 5 * GIB : 0,
      bytesSent: synced ? GIB : 0,
      firstSyncDurationMs: synced ? 1000 : null,
      lagP50Ms: synced ? 400 : null,
      lagP99Ms: synced ? 900 : null,
      ...(agent.forecast === undefined ? {} : { forecast: agent.forecast }),
      ...(agent.proof === undefined || configuration?.proof === undefined
        ? {}
        : { proof: { ...agent.proof, ...configuration.proof } }),
    },
  };
}

export interface SimulatedReplicationServer extends CommandWatcher {
  readonly programId: string;
  configuration: ReplicationServerConfiguration;
  readonly exports: Map<string, { readonly sourceServerId: string; readonly epoch: number }>;
  readonly replicas: Map<string, SimulatedReplica>;
  readonly discarded: string[];
  readonly damagedJournals: Set<string>;
  /** What its `retention.json` says. */
  fileRetention: RetentionInForce | undefined;
  readonly marks: SimulatedMarks;
  /** What exports show, where a test has disks of its own. */
  exportedDisks: (() => readonly MachineDisk[]) | undefined;
  /** Names of the commands in the order they were done. */
  readonly done: string[];
}

export async function simulateReplicationServer(
  t: TestContext,
  token: string,
  identity: Identity = newIdentity(),
): Promise<SimulatedReplicationServer> {
  const enrolled = await enrolProgram('replication-server', token, identity, { addresses: ['127.0.0.1'] });
  const server: SimulatedReplicationServer = {
    programId: enrolled.programId,
    configuration: { servers: [] },
    exports: new Map(),
    replicas: new Map(),
    discarded: [],
    damagedJournals: new Set(),
    fileRetention: undefined,
    marks: new SimulatedMarks(pointOf),
    exportedDisks: undefined,
    done: [],
    onCommand: undefined,
  };
  connect(t, {
    role: 'replication-server',
    watcher: server,
    identity,
    enrolled,
    report: () => replicationServerReport(server),
    apply: (configuration) => {
      server.configuration = configuration;
    },
    handlers: replicationServerHandlers(server),
  });
  return server;
}

function replicationServerReport(server: SimulatedReplicationServer): ReportByRole['replication-server'] {
  return {
    version: '0.1.0',
    host: '127.0.0.1',
    port: 1500,
    stagingTotalBytes: 100 * GIB,
    stagingFreeBytes: 90 * GIB,
    servers: [...server.replicas].map(([sourceServerId, { epoch }]) => ({
      sourceServerId,
      connected: true,
      lastEpoch: epoch,
      lastCutTimeMs: epoch > 0 ? pointOf(epoch).cutTimeMs : null,
      recoveryPoints: epoch,
      bytesOnDisk: GIB,
      bytesReceived: epoch > 0 ? GIB : 0,
      tripwire: { suspicions: server.marks.suspicions },
      retention: retentionOfServer(server, sourceServerId),
    })),
  };
}

function replicationServerHandlers(
  server: SimulatedReplicationServer,
): CommandHandlers<'replication-server'> {
  const newest = (sourceServerId: string) => server.replicas.get(sourceServerId)?.epoch ?? 0;
  return {
    listRecoveryPoints: async (input) => server.marks.list(newest(input.sourceServerId), input),
    ...{ ...server.marks.handlers, ...simulatedSeeds(SOURCE_DISKS), ...simulatedJournals(server) },
    ...simulatedRetention(server),
    resolveRecoveryPoint: async ({ sourceServerId, at }) => {
      server.done.push('resolveRecoveryPoint');
      return pointOf(at.kind === 'EPOCH' ? at.epoch : newest(sourceServerId));
    },
    openExport: async ({ exportId, sourceServerId, epoch }) => {
      server.done.push('openExport');
      server.exports.set(exportId, { sourceServerId, epoch });
      if (server.exportedDisks !== undefined) return { disks: server.exportedDisks() };
      const nbdUri = (diskId: string) => `nbd+unix:///${exportId}/${diskId}?socket=/run/nbd`;
      return { disks: SOURCE_DISKS.map((disk) => ({ ...disk, nbdUri: nbdUri(disk.diskId) })) };
    },
    closeExport: async ({ exportId }) => {
      server.done.push('closeExport');
      server.exports.delete(exportId);
      return {};
    },
    discardServer: async ({ sourceServerId }) => {
      server.done.push('discardServer');
      server.discarded.push(sourceServerId);
      server.replicas.delete(sourceServerId);
      return { freedBytes: GIB };
    },
  };
}

function pointOf(epoch: number): RecoveryPoint {
  return { epoch, cutTimeMs: 1_700_000_000_000 + epoch * 500, consistency: 'CRASH_CONSISTENT' };
}
