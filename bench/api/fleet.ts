/**
 * Simulated programs, many in one process, beside the control plane under test: `fleet.ts <plan as JSON>`.
 * Each enrols with a token over TLS and then runs the real channel of the real programs: its reports, its
 * long polls for commands, its own certificate, its own connections. What it replicates is made up.
 *
 * Speaks in lines of JSON: one when all are enrolled and have reported, and after a number of seconds was
 * written to its standard input, one with what it measured in that time. It ends with its standard input.
 */
import { createInterface } from 'node:readline';
import { enrolProgram, newIdentity } from '../../apps/control-plane/src/testing/simulated-programs.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from '../../apps/control-plane/src/testing/source-fixtures.ts';
import {
  type AgentConfiguration,
  type AgentReport,
  type ReplicationServerConfiguration,
  type ReplicationServerReport,
  runChannel,
} from '../../packages/channel/src/index.ts';
import { GIB, type Logger, silentLogger, systemClock } from '../../packages/runtime/src/index.ts';
import { percentile } from '../bed/cut-watch.ts';

export interface FleetPlan {
  readonly agentToken: string;
  readonly replicationServerToken: string;
  readonly servers: number;
  /** How many of them go on reporting; the others do so once. */
  readonly reporting: number;
  readonly agentIntervalMs: number;
  readonly replicationServerIntervalMs: number;
}

export interface FleetEnrolled {
  readonly sourceServerIds: readonly string[];
  readonly seconds: number;
}

export interface FleetMeasured {
  readonly reports: number;
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maximumMs: number;
}

const DISKS = SOURCE_DISKS.slice(0, 1);
/** As many disks as a replication server takes. */
const SERVERS_PER_REPLICATION_SERVER = 15;
const ENROLLING_AT_ONCE = 8;

const plan = JSON.parse(process.argv[2] ?? '{}') as FleetPlan;
const ending = new AbortController();
const latencies: number[] = [];
let failures = 0;
let isMeasuring = false;

const log: Logger = {
  ...silentLogger,
  warn: () => {
    if (isMeasuring) failures += 1;
  },
};

const enrolled = await enrolAll();
say(enrolled);
for await (const line of createInterface({ input: process.stdin })) say(await measure(Number(line)));
ending.abort();
process.exit(0);

async function enrolAll(): Promise<FleetEnrolled> {
  const startMs = systemClock.nowMs();
  const sourceServerIds: string[] = [];
  for (const [count, goesOn] of [
    [plan.reporting, true] as const,
    [plan.servers - plan.reporting, false] as const,
  ]) {
    const homes = Math.ceil(count / SERVERS_PER_REPLICATION_SERVER);
    await times(homes, () => startReplicationServer(goesOn));
    await times(count, async (index) => {
      sourceServerIds.push(await startAgent(index, goesOn));
    });
  }
  return { sourceServerIds, seconds: (systemClock.nowMs() - startMs) / 1000 };
}

/** The channel reports at once and then every interval: agents that enrolled in turn report in turn. */
async function startAgent(index: number, goesOn: boolean): Promise<string> {
  const identity = newIdentity();
  const hostname = `server-${String(index).padStart(5, '0')}`;
  const identificationHints = { hostname, fqdn: `${hostname}.example.org` };
  const sourceProperties = { ...SOURCE_PROPERTIES, identificationHints };
  const result = await enrolProgram('agent', plan.agentToken, identity, { sourceProperties, disks: DISKS });
  let configuration: AgentConfiguration | undefined;
  let beganNs = 0n;
  await runUntilReported(goesOn, (channel) =>
    runChannel<'agent'>({
      ...{ role: 'agent', ...result, keyPem: identity.keyPem, logger: log, ...channel },
      handlers: {
        takeRecoveryPoint: async () => ({ epoch: 1, cutTimeMs: 1, consistency: 'CRASH_CONSISTENT' }),
      },
      reportIntervalMs: plan.agentIntervalMs,
      report: async () => {
        beganNs = systemClock.monotonicNs();
        return agentReport(sourceProperties, configuration);
      },
      applyConfiguration: async (told) => {
        if (isMeasuring) latencies.push(Number(systemClock.monotonicNs() - beganNs) / 1e6);
        configuration = told;
        channel.reported();
      },
    }),
  );
  return result.programId;
}

async function startReplicationServer(goesOn: boolean): Promise<void> {
  const identity = newIdentity();
  const addresses = ['127.0.0.1'];
  const result = await enrolProgram('replication-server', plan.replicationServerToken, identity, {
    addresses,
  });
  let configuration: ReplicationServerConfiguration = { servers: [] };
  await runUntilReported(goesOn, (channel) =>
    runChannel<'replication-server'>({
      ...{ role: 'replication-server', ...result, keyPem: identity.keyPem, logger: log, ...channel },
      handlers: {} as never,
      reportIntervalMs: plan.replicationServerIntervalMs,
      report: async () => replicationServerReport(configuration),
      applyConfiguration: async (told) => {
        configuration = told;
        channel.reported();
      },
    }),
  );
}

interface FleetChannel {
  readonly signal: AbortSignal;
  readonly reported: () => void;
}

/** One that does not go on ends after its first report. */
async function runUntilReported(
  goesOn: boolean,
  run: (channel: FleetChannel) => { readonly finished: Promise<void> },
): Promise<void> {
  const own = new AbortController();
  const first = Promise.withResolvers<void>();
  const channel = run({ signal: AbortSignal.any([own.signal, ending.signal]), reported: first.resolve });
  await first.promise;
  if (goesOn) return;
  own.abort();
  await channel.finished;
}

function agentReport(
  sourceProperties: AgentReport['sourceProperties'],
  configuration: AgentConfiguration | undefined,
): AgentReport {
  return {
    ...{ version: '0.1.0', sourceProperties, disks: DISKS },
    replication: {
      state: 'CONTINUOUS',
      disks: DISKS.map(({ deviceName, sizeBytes }) => ({
        ...{ deviceName, totalStorageBytes: sizeBytes, replicatedStorageBytes: sizeBytes },
        ...{ rescannedStorageBytes: 0, backloggedStorageBytes: 0 },
      })),
      ...{ lagMs: 400, etaMs: 0, lastEpoch: 4711, connected: configuration?.replicationServer !== undefined },
      ...{ bytesRead: 5 * GIB, bytesSent: GIB, firstSyncDurationMs: 60_000, lagP50Ms: 400, lagP99Ms: 900 },
    },
  };
}

function replicationServerReport({ servers }: ReplicationServerConfiguration): ReplicationServerReport {
  return {
    ...{ version: '0.1.0', host: '127.0.0.1', port: 1500 },
    ...{ stagingTotalBytes: 1000 * GIB, stagingFreeBytes: 900 * GIB },
    servers: servers.map(({ sourceServerId, certificateFingerprint }) => ({
      ...{ sourceServerId, connected: true, lastEpoch: 4711, lastCutTimeMs: systemClock.nowMs() - 400 },
      ...{ recoveryPoints: 4711, bytesOnDisk: GIB, bytesReceived: GIB },
      acceptedFingerprints: [certificateFingerprint],
    })),
  };
}

async function measure(seconds: number): Promise<FleetMeasured> {
  latencies.length = 0;
  failures = 0;
  isMeasuring = true;
  await systemClock.sleep(seconds * 1000);
  isMeasuring = false;
  return {
    ...{ reports: latencies.length, failures, maximumMs: percentile(latencies, 1) },
    ...{ p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) },
  };
}

async function times(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const takeTurns = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: ENROLLING_AT_ONCE }, takeTurns));
}

function say(line: FleetEnrolled | FleetMeasured): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
