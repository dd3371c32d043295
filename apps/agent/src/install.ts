/**
 * `landfall-agent install`: looks before it touches anything, then enrols, writes who this server is, and
 * starts the service. Every step can be repeated: a second install of the same server keeps its identity and
 * its replica.
 */

import {
  type AgentConfiguration,
  createHttpClient,
  decodeEnrolmentToken,
  enrol,
  type Identity,
  preparePendingIdentity,
  readIdentity,
  removeIdentity,
  writeIdentity,
} from '@landfall/channel';
import {
  type Clock,
  createDial,
  type Dial,
  describeProxy,
  type Environment,
  formatBytes,
  OperationError,
} from '@landfall/runtime';
import { chooseDisks } from './disk-choice.ts';
import {
  assignDiskIds,
  type FoundDisk,
  joinDisks,
  type KnownDisk,
  matchDisks,
  nextDiskNumber,
} from './disk-mapping.ts';
import {
  type Installation,
  readInstallation,
  readMachineUuid,
  writeInstallation,
} from './file-installation.ts';
import { chooseProxy, writeProxy } from './file-proxy.ts';
import { checkCapture } from './linux-kernel-check.ts';
import { hasSystemd, installExecutable, installService } from './linux-service.ts';
import { whyScan } from './linux-source.ts';
import { readSourceProperties } from './linux-source-properties.ts';
import { initialReport } from './replication-report.ts';
import { checkReachable } from './tcp-reachable.ts';
import { VERSION } from './version.ts';

/** Everything an installation settles: what is left out here would be forgotten at the first start. */
type Chosen = Required<Omit<Installation, 'machineUuid' | 'freeze'>> & Pick<Installation, 'freeze'>;

export interface InstallOptions {
  readonly token: string;
  /** Empty: all disks of the server. */
  readonly devices: readonly string[];
  /** Takes the named devices as they are, without looking whether they are disks to protect. */
  readonly forceVolumes: boolean;
  readonly autoDiskDetection: boolean;
  /** Scan although the disks could be tracked. */
  readonly scanMode: boolean;
  /** Leaves out what file systems do not use; false: replicates every block, deleted files too. */
  readonly skipFreeSpace: boolean;
  readonly freeze: Installation['freeze'];
  /** Connections replication may use. */
  readonly streams: number;
  readonly tags: Readonly<Record<string, string>>;
  /** By which an imported inventory knows this server. */
  readonly userProvidedId?: string | undefined;
  /** `http://…` or `none`; else the environment and an earlier installation say. */
  readonly proxy: string | undefined;
  readonly environment: Environment;
  readonly stateFolder: string;
  readonly unitFolder: string;
  readonly withService: boolean;
  /** Asks which disks; absent without a prompt. */
  readonly chooseDevices?: (found: readonly FoundDisk[]) => Promise<readonly string[]>;
  readonly say: (line: string) => void;
  readonly clock: Clock;
}

const ASSIGNMENT_WAIT_MS = 5000;
const ASSIGNMENT_POLL_MS = 1000;
const REPORT_TIMEOUT_MS = 15_000;

export async function install(options: InstallOptions): Promise<Identity> {
  const { say, stateFolder } = options;
  decodeEnrolmentToken(options.token);
  checkPlatform();
  const proxy = await chooseProxy(stateFolder, options.proxy, options.environment);
  if (proxy !== undefined) say(`Connections go through the proxy ${describeProxy(proxy)}`);
  const dial = createDial(async () => proxy);
  const scans = (await whyScan(options.scanMode)) !== undefined;
  const { found, detection } = await chooseDisks(options, scans ? 'scan' : 'track');
  for (const disk of found) {
    say(`  ${disk.deviceName}  ${formatBytes(disk.sizeBytes)}${disk.isBootDisk ? '  (boot disk)' : ''}`);
  }
  for (const line of await checkCapture(assignDiskIds(found), options.scanMode)) say(line);
  const { disks, nextNumber } = await keepDiskIds(options, found);
  const { scanMode, skipFreeSpace, freeze, streams } = options;
  const chosen = {
    ...{ disks, detection, nextDiskNumber: nextNumber },
    ...{ scanMode, skipFreeSpace, freeze, streams },
  };
  const identity = await enrolServer(options, chosen, dial);
  await writeProxy(stateFolder, proxy);
  say(`Enrolled as source server ${identity.programId}`);
  await checkReplicationServer(options, identity, { disks, dial });
  await startAgent(options, stateFolder);
  return identity;
}

function checkPlatform(): void {
  if (process.platform !== 'linux') {
    throw new OperationError('PLATFORM_UNSUPPORTED', `this agent is for Linux, not for ${process.platform}`, {
      hint: 'use the agent of that system',
    });
  }
  if (process.getuid?.() !== 0) {
    throw new OperationError('NOT_ROOT', 'the agent must be installed by root: it reads whole disks', {
      hint: 'run the same command with sudo',
    });
  }
}

/** Disks that were known before keep their ids, so that their replicas stay theirs. */
async function keepDiskIds(
  options: InstallOptions,
  found: readonly FoundDisk[],
): Promise<{ readonly disks: readonly KnownDisk[]; readonly nextNumber: number }> {
  const machineUuid = await readMachineUuid();
  const before = await readInstallation(options.stateFolder);
  if (before?.machineUuid !== undefined && machineUuid !== undefined && before.machineUuid !== machineUuid) {
    options.say('This server is a copy of another one: it gets an identity of its own');
    await removeIdentity(options.stateFolder);
  } else if (before !== undefined) {
    const { present, missing } = matchDisks(before.disks, found);
    for (const { diskId, deviceName } of missing) {
      options.say(`  ${diskId} (${deviceName}) is replicated no longer; its recovery points stay`);
    }
    const fromNumber = Math.max(before.nextDiskNumber ?? 0, nextDiskNumber(before.disks));
    const disks = joinDisks(present, found, fromNumber);
    return { disks, nextNumber: Math.max(fromNumber, nextDiskNumber(disks)) };
  }
  const disks = assignDiskIds(found);
  return { disks, nextNumber: disks.length };
}

async function enrolServer(options: InstallOptions, chosen: Chosen, dial: Dial): Promise<Identity> {
  const { disks } = chosen;
  const { stateFolder, token, tags, userProvidedId, clock, say } = options;
  const earlier = await readIdentity(stateFolder);
  if (earlier !== undefined)
    say(`This server was enrolled before, as ${earlier.programId}: its identity is kept`);
  const machineUuid = await readMachineUuid();
  const pending = await preparePendingIdentity(stateFolder, 'agent');
  const sourceProperties = await readSourceProperties(disks, clock.nowMs());
  say(`Connecting to ${decodeEnrolmentToken(token).controlPlaneUrl} …`);
  const description = {
    ...pending,
    token,
    version: VERSION,
    sourceProperties,
    disks: disks.map(publicFacts),
    tags,
    ...(userProvidedId === undefined ? {} : { userProvidedId }),
    dial,
  };
  const enrolment = await enrol(description);
  await writeInstallation(stateFolder, {
    ...chosen,
    ...(machineUuid === undefined ? {} : { machineUuid }),
  });
  const identity = { ...pending, ...enrolment };
  await writeIdentity(stateFolder, identity);
  return identity;
}

function publicFacts({ diskId, deviceName, sizeBytes, isBootDisk }: KnownDisk) {
  return { diskId, deviceName, sizeBytes, isBootDisk };
}

/** Only a warning when it fails: the agent keeps trying, and the way may be opened later. */
async function checkReplicationServer(
  options: InstallOptions,
  identity: Identity,
  reach: { readonly disks: readonly KnownDisk[]; readonly dial: Dial },
): Promise<void> {
  const server = await askForReplicationServer(options, identity, reach);
  if (server === undefined) {
    options.say('No replication server is assigned yet; the agent connects as soon as one is');
    return;
  }
  const reached = await checkReachable(server, reach.dial);
  if (reached === undefined)
    return options.say(`Replication server ${server.host}:${server.port} is reachable`);
  options.say(`WARNING: replication server ${server.host}:${server.port} is not reachable: ${reached}`);
  options.say(`  Open outbound TCP port ${server.port} to ${server.host}; the agent keeps trying by itself`);
}

async function askForReplicationServer(
  options: InstallOptions,
  identity: Identity,
  { disks, dial }: { readonly disks: readonly KnownDisk[]; readonly dial: Dial },
): Promise<AgentConfiguration['replicationServer']> {
  const client = createHttpClient({ ...identity, dial });
  try {
    const sourceProperties = await readSourceProperties(disks, options.clock.nowMs());
    const report = initialReport(VERSION, sourceProperties, disks.map(publicFacts));
    for (let waitedMs = 0; waitedMs < ASSIGNMENT_WAIT_MS; waitedMs += ASSIGNMENT_POLL_MS) {
      const answer = await client.post('/channel/report', report, { timeoutMs: REPORT_TIMEOUT_MS });
      const { replicationServer } = answer as AgentConfiguration;
      if (replicationServer !== undefined) return replicationServer;
      await options.clock.sleep(ASSIGNMENT_POLL_MS);
    }
    return undefined;
  } finally {
    client.close();
  }
}

async function startAgent(options: InstallOptions, stateFolder: string): Promise<void> {
  const { say } = options;
  if (!options.withService) return say('Installed without a service');
  const command = await installExecutable();
  if (!(await hasSystemd())) {
    say('This server does not run systemd: have its init system keep this running, as root:');
    say(`  ${command.join(' ')} run --state-dir ${stateFolder}`);
    return;
  }
  await installService(options.unitFolder, command);
  say('The agent is running (landfall-agent.service); see `landfall-agent status`');
  say('Next: follow the first copy on the control plane, then launch a test');
}
