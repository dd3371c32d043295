/**
 * `landfall-agent run`: the service. Three activities side by side: the replicator, the channel to the
 * control plane, and the status file. The configuration is kept on disk, so replication goes on at once after
 * a restart, with or without a control plane. UNINSTALL ends replication, says so in a last report, and then
 * ends the service.
 */
import {
  type AgentConfiguration,
  type AgentReport,
  type Channel,
  type Identity,
  readIdentity,
  runChannel,
} from '@landfall/channel';
import { type Clock, describeError, type Logger, OperationError } from '@landfall/runtime';
import {
  checkSameMachine,
  type Installation,
  readInstallation,
  readLastConfiguration,
  readMachineUuid,
  writeInstallation,
  writeLastConfiguration,
} from './file-installation.ts';
import { dialByProxyFile } from './file-proxy.ts';
import { removeStatus, writeStatus } from './file-status.ts';
import type { HeldOutput } from './held-output.ts';
import { thawWhatWasLeft } from './linux-freezing.ts';
import { readSourceProperties } from './linux-source-properties.ts';
import { createSourceReplicator, type SourceReplicator } from './source-replicator.ts';
import { VERSION } from './version.ts';

export interface RunAgentOptions {
  readonly stateFolder: string;
  readonly runtimeFolder: string;
  /** Where the logger writes. */
  readonly output: HeldOutput;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const STATUS_INTERVAL_MS = 1000;
const REPORT_INTERVAL_MS = 2000;
const PROPERTIES_AGE_MS_MAX = 60_000;
/** How often leaving tries to hand over the last report. */
const FAREWELL_ATTEMPTS_MAX = 20;
const FAREWELL_PAUSE_MS = 1000;

/** Errors: NOT_INSTALLED, IDENTITY_OF_OTHER_MACHINE, STATE_UNREADABLE, IDENTITY_UNREADABLE. */
export async function runAgent(options: RunAgentOptions): Promise<'STOPPED' | 'UNINSTALLED'> {
  await thawWhatWasLeft(options.runtimeFolder, options.logger);
  const { identity, installation } = await readInstalled(options.stateFolder);
  checkSameMachine(installation, await readMachineUuid());
  const leave = new AbortController();
  const stop = AbortSignal.any([options.signal, leave.signal]);
  const goodbye = new AbortController();
  const dial = dialByProxyFile(options.stateFolder);
  let current = identity;
  const replicator = createSourceReplicator({
    ...{ ...options, ...installation, programId: identity.programId, dial },
    identity: () => current,
    detection: installation.detection ?? 'NAMED',
    scanMode: installation.scanMode ?? false,
    saveDisks: (disks) => writeInstallation(options.stateFolder, { ...installation, disks }),
  });
  const last = await readLastConfiguration(options.stateFolder);
  if (last !== undefined) replicator.want(last);
  const channel = runChannel({
    ...identity,
    dial,
    renewal: {
      stateFolder: options.stateFolder,
      identity,
      onRenewed: (renewed) => {
        current = renewed;
      },
    },
    role: 'agent',
    report: createReport(replicator, options.clock),
    applyConfiguration: createApply(options.stateFolder, replicator, last, leave),
    handlers: { takeRecoveryPoint: () => replicator.takeRecoveryPoint() },
    reportIntervalMs: REPORT_INTERVAL_MS,
    logger: options.logger,
    clock: options.clock,
    signal: AbortSignal.any([options.signal, goodbye.signal]),
  });
  const status = keepStatus(options, { identity, replicator, channel }, stop);
  await Promise.all([replicator.run(stop), status]);
  if (leave.signal.aborted) await sayGoodbye(channel, options);
  goodbye.abort();
  await channel.finished;
  return leave.signal.aborted ? 'UNINSTALLED' : 'STOPPED';
}

async function readInstalled(
  stateFolder: string,
): Promise<{ identity: Identity; installation: Installation }> {
  const identity = await readIdentity(stateFolder);
  const installation = await readInstallation(stateFolder);
  if (identity !== undefined && installation !== undefined) return { identity, installation };
  throw new OperationError('NOT_INSTALLED', `the agent is not installed: ${stateFolder} has no identity`, {
    hint: 'run `landfall-agent install --token TOKEN`',
  });
}

function createReport(replicator: SourceReplicator, clock: Clock): () => Promise<AgentReport> {
  let properties: AgentReport['sourceProperties'] | undefined;
  let readAtMs = 0;
  return async () => {
    const ageMs = clock.nowMs() - readAtMs;
    if (properties === undefined || ageMs < 0 || ageMs > PROPERTIES_AGE_MS_MAX) {
      readAtMs = clock.nowMs();
      properties = await readSourceProperties(replicator.disks, readAtMs);
    }
    return {
      version: VERSION,
      sourceProperties: properties,
      disks: publicDisks(replicator),
      replication: replicator.facts(),
    };
  };
}

function publicDisks(replicator: SourceReplicator): AgentReport['disks'] {
  return replicator.disks.map(({ diskId, deviceName, sizeBytes, isBootDisk }) => {
    return { diskId, deviceName, sizeBytes, isBootDisk };
  });
}

function createApply(
  stateFolder: string,
  replicator: SourceReplicator,
  last: AgentConfiguration | undefined,
  leave: AbortController,
): (configuration: AgentConfiguration) => Promise<void> {
  let written = JSON.stringify(last);
  return async (configuration) => {
    replicator.want(configuration);
    // Not kept on disk: a restarted agent asks whether it is really meant.
    if (configuration.desired === 'UNINSTALL') return leave.abort();
    const text = JSON.stringify(configuration);
    if (text === written) return;
    await writeLastConfiguration(stateFolder, configuration);
    written = text;
  };
}

interface StatusFacts {
  readonly identity: Identity;
  readonly replicator: SourceReplicator;
  readonly channel: Channel;
}

async function keepStatus(options: RunAgentOptions, facts: StatusFacts, signal: AbortSignal): Promise<void> {
  const { identity, replicator, channel } = facts;
  while (!signal.aborted) {
    const server = replicator.replicationServer;
    const write = () =>
      writeStatus(options.runtimeFolder, {
        pid: process.pid,
        writtenAtMs: options.clock.nowMs(),
        sourceServerId: identity.programId,
        controlPlaneUrl: identity.controlPlaneUrl,
        controlPlaneConnected: channel.connected,
        replicationServer: server === undefined ? null : `${server.host}:${server.port}`,
        version: VERSION,
        residentBytes: process.memoryUsage.rss(),
        disks: publicDisks(replicator),
        replication: replicator.facts(),
        tracking: replicator.trackingAccount ?? null,
      });
    // The next word comes when whoever writes to a disk does not wait.
    if (!options.output.isHeld) await logFailure(options.logger, 'status-not-written', write);
    await pause(options.clock, STATUS_INTERVAL_MS, signal);
  }
  await removeStatus(options.runtimeFolder);
}

/** The last report says that replication has ended. When nobody takes it, we leave all the same. */
async function sayGoodbye(channel: Channel, options: RunAgentOptions): Promise<void> {
  for (let attempt = 0; attempt < FAREWELL_ATTEMPTS_MAX && !options.signal.aborted; attempt += 1) {
    try {
      await channel.reportNow();
      return;
    } catch (error) {
      options.logger.warn('goodbye-not-taken', { error, explanation: describeError(error) });
    }
    await pause(options.clock, FAREWELL_PAUSE_MS, options.signal);
  }
}

/** The status file is a convenience: without it replication goes on. */
async function logFailure(logger: Logger, event: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    logger.warn(event, { error });
  }
}

async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
