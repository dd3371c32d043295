/** `landfall up`: control plane, replication server and launch host on one machine, with local disks. */
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from '@landfall/api';
import {
  type Clock,
  ensureFolder,
  type Logger,
  OperationError,
  readIfExists,
  systemClock,
  writeDurably,
} from '@landfall/runtime';
import { readCredentials } from '../credentials.ts';
import { askReadiness } from './http-readiness.ts';
import { NODE_ARGUMENTS } from './node-arguments.ts';
import { Program } from './program.ts';

export interface ServicesOptions {
  readonly stateDir: string;
  readonly listen: string;
  /** Addresses agents may dial; they go into the certificates. The first is the one they are told. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly replicationPort: number;
  readonly stagingDir?: string;
  /** Sources of the keys replicas are encrypted with; without any, the replication server makes one. */
  readonly encryptionKey?: readonly string[];
  /** Whether new replicas are encrypted. Default true. */
  readonly encryption?: boolean;
  readonly agentBinary?: string;
  /** The built console; absent: none is served. */
  readonly consoleDir?: string;
  /** What runs launched machines: `qemu` (the default) or `libvirt`. */
  readonly host?: string;
  readonly libvirtUri?: string;
  /** File that names networks for QEMU. */
  readonly networks?: string;
  /** Whether the launch host keeps an appliance ready for the next launch. Default true. */
  readonly readyAppliance?: boolean;
  /** That webhooks may reach whatever is in them, as ADDRESS/BITS. */
  readonly webhookNetwork?: readonly string[];
  readonly region: string;
  /** Where the control plane keeps its tables: `postgres://…`; absent: SQLite in the state folder. */
  readonly store?: string;
  /** Source of the password: `file:PATH` or `env:NAME`. */
  readonly storePassword?: string;
  /** Where buckets are: `https://HOST:PORT`; absent: folders in the state folder of the control plane. */
  readonly s3Endpoint?: string;
  readonly s3Bucket?: readonly string[];
  readonly s3Region?: string;
  /** Source of its access key: `file:PATH` or `env:NAME`. */
  readonly s3Key?: string;
  readonly s3VirtualHosts?: boolean;
  /** Calls a second of each access key. */
  readonly rateLimit?: number;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface Services {
  readonly url: string;
  /** Process id by program name, of the present process; programs change it when they are restarted. */
  readonly pids: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

type PidRecord = (name: string, pid: number) => void;

const APPS = join(import.meta.dirname, '../../..');
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 100;
const START_FAILURES_MAX = 2;

export async function startServices(options: ServicesOptions): Promise<Services> {
  const { stateDir, logger } = options;
  const logFolder = join(stateDir, 'logs');
  await ensureFolder(logFolder);
  const { pids, record } = pidRecorder(stateDir, logger);
  const programs: Program[] = [];
  const launch = (name: string, parameters: readonly string[]) => {
    const argv = [process.execPath, ...NODE_ARGUMENTS, join(APPS, name, 'src/main.ts'), ...parameters];
    const program = new Program({
      name,
      argv,
      logFolder,
      logger,
      onStart: (pid) => record(name, pid),
    });
    programs.push(program);
    program.start();
  };
  const stop = async () => {
    await Promise.all(programs.reverse().map((program) => program.stop()));
  };
  try {
    launch('control-plane', controlPlaneParameters(options));
    const url = await waitForControlPlane(options, pids, programs);
    await waitFor(() => askReadiness(stateDir), options, programs);
    launch('replication-server', replicationServerParameters(options));
    launch('launch-host', launchHostParameters(options));
    await initializeService(stateDir);
    await waitForPrograms(options, programs);
    return { url, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** This machine's own addresses, the ones others can dial first. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const usable = all
    .filter((entry) => entry.family === 'IPv4' && !entry.internal)
    .map((entry) => entry.address);
  return [...usable, '127.0.0.1'];
}

function addressParameters(options: ServicesOptions): string[] {
  return options.addresses.flatMap((address) => ['--address', address]);
}

function controlPlaneParameters(options: ServicesOptions): string[] {
  const binary = options.agentBinary === undefined ? [] : ['--agent-binary', options.agentBinary];
  return [
    ...['--state-dir', join(options.stateDir, 'control-plane')],
    ...['--listen', options.listen, '--port', String(options.port), '--region', options.region],
    ...addressParameters(options),
    ...(options.webhookNetwork ?? []).flatMap((network) => ['--webhook-network', network]),
    ...binary,
    ...(options.store === undefined ? [] : ['--store', options.store]),
    ...(options.storePassword === undefined ? [] : ['--store-password', options.storePassword]),
    ...s3Parameters(options),
    ...(options.rateLimit === undefined ? [] : ['--rate-limit', String(options.rateLimit)]),
    ...(options.consoleDir === undefined ? [] : ['--console-dir', options.consoleDir]),
  ];
}

function s3Parameters(options: ServicesOptions): string[] {
  const { s3Endpoint, s3Bucket = [], s3Region, s3Key, s3VirtualHosts } = options;
  return [
    ...(s3Endpoint === undefined ? [] : ['--s3-endpoint', s3Endpoint]),
    ...s3Bucket.flatMap((bucket) => ['--s3-bucket', bucket]),
    ...(s3Region === undefined ? [] : ['--s3-region', s3Region]),
    ...(s3Key === undefined ? [] : ['--s3-key', s3Key]),
    ...(s3VirtualHosts === true ? ['--s3-virtual-hosts'] : []),
  ];
}

function replicationServerParameters(options: ServicesOptions): string[] {
  return [
    ...['--state-dir', join(options.stateDir, 'replication-server')],
    ...['--staging-dir', options.stagingDir ?? join(options.stateDir, 'staging')],
    ...['--listen', options.listen, '--port', String(options.replicationPort)],
    ...addressParameters(options),
    ...['--token-file', join(options.stateDir, 'control-plane/tokens/replication-server')],
    ...(options.encryptionKey ?? []).flatMap((source) => ['--encryption-key', source]),
    ...(options.encryption === false ? ['--no-encryption'] : []),
  ];
}

function launchHostParameters(options: ServicesOptions): string[] {
  return [
    ...['--state-dir', join(options.stateDir, 'launch-host')],
    ...['--token-file', join(options.stateDir, 'control-plane/tokens/launch-host')],
    ...(options.host === undefined ? [] : ['--host', options.host]),
    ...(options.libvirtUri === undefined ? [] : ['--libvirt-uri', options.libvirtUri]),
    ...(options.networks === undefined ? [] : ['--networks', options.networks]),
    ...(options.readyAppliance === false ? ['--no-ready-appliance'] : []),
  ];
}

/** The control plane writes its address with its process id once it listens. */
async function waitForControlPlane(
  options: ServicesOptions,
  pids: ReadonlyMap<string, number>,
  programs: readonly Program[],
): Promise<string> {
  const path = join(options.stateDir, 'control-plane/control-plane.json');
  const find = async () => {
    const text = await readIfExists(path);
    if (text === undefined) return undefined;
    const found = JSON.parse(text) as { url: string; pid: number };
    return found.pid === pids.get('control-plane') ? found.url : undefined;
  };
  return waitFor(find, options, programs);
}

async function waitForPrograms(options: ServicesOptions, programs: readonly Program[]): Promise<void> {
  const client = createApiClient(await readCredentials(options.stateDir));
  const find = async () => {
    const service = await client.landfall('DescribeService', {});
    return service.replicationServers.length > 0 && service.launchHosts.length > 0 ? true : undefined;
  };
  await waitFor(find, options, programs);
}

/** Polls; gives up when a program keeps ending, or after a minute. Errors: PROGRAM_NOT_STARTED. */
async function waitFor<Found>(
  find: () => Promise<Found | undefined>,
  options: ServicesOptions,
  programs: readonly Program[],
): Promise<Found> {
  const clock = options.clock ?? systemClock;
  const deadlineMs = clock.nowMs() + READY_TIMEOUT_MS;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    const failed = programs.find((program) => program.failures >= START_FAILURES_MAX);
    const late = clock.nowMs() > deadlineMs ? programs.at(-1) : undefined;
    const culprit = failed ?? late;
    if (culprit !== undefined) throw await notStarted(options, culprit.name);
    await clock.sleep(READY_POLL_MS);
  }
}

async function notStarted(options: ServicesOptions, program: string): Promise<OperationError> {
  const log = join(options.stateDir, 'logs', `${program}.log`);
  const tail = ((await readIfExists(log)) ?? '').trim().split('\n').slice(-1).join('\n');
  const hint = `read ${log}`;
  return new OperationError('PROGRAM_NOT_STARTED', `the ${program} did not come up: ${tail}`, { hint });
}

async function initializeService(stateDir: string): Promise<void> {
  const client = createApiClient(await readCredentials(stateDir));
  await client.mgn('InitializeService', {});
}

/**
 * Keeps `pids.json` true; one write at a time, because each replaces the file through the same temporary
 * one.
 */
function pidRecorder(stateDir: string, logger: Logger): { pids: Map<string, number>; record: PidRecord } {
  const pids = new Map<string, number>();
  let written: Promise<void> = Promise.resolve();
  const write = () =>
    writeDurably(join(stateDir, 'pids.json'), `${JSON.stringify(Object.fromEntries(pids))}\n`);
  const record = (name: string, pid: number) => {
    pids.set(name, pid);
    written = written.then(write).catch((error: unknown) => logger.warn('pids-not-recorded', { error }));
  };
  return { pids, record };
}
