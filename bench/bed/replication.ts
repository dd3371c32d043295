/**
 * The programs under test, as users run them: the agent (its executable, in the environment of its service)
 * and the replication server, each a process of its
 * own, with a journal on disk and TLS 1.3 over loopback between them. Only the control plane, through which
 * no disk byte passes, is the tests' own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentStatus, readStatus } from '../../apps/agent/src/file-status.ts';
import { SERVICE_ENVIRONMENT } from '../../apps/agent/src/linux-service.ts';
import { freePorts } from '../../apps/cli/src/demo/free-ports.ts';
import { ensureAgentExecutable } from '../../apps/cli/src/setup/agent-executable.ts';
import { cacheFolder } from '../../apps/cli/src/setup/cache-folder.ts';
import type { CommandOutput } from '../../packages/channel/src/index.ts';
import {
  createTestControlPlane,
  type TestControlPlane,
} from '../../packages/channel/src/testing/test-control-plane.ts';
import type { RecoveryPoint } from '../../packages/model/src/index.ts';
import {
  GIB,
  OperationError,
  readIfExists,
  runChecked,
  systemClock,
} from '../../packages/runtime/src/index.ts';
import { noteAgentId } from './bench-folder.ts';
import type { Bench } from './benchmark.ts';
import { cpuSeconds } from './process-cost.ts';

export interface ReplicationOptions {
  readonly devices: readonly string[];
  readonly epochIntervalMs?: number;
  /**
   * The replication server stands for another machine: it yields the processor to everybody else (nice 19),
   * and its journal is in memory, off the disk the load writes to.
   */
  readonly serverElsewhere?: boolean;
  /** The journal is not encrypted, as what a peer writes is not. */
  readonly plainJournal?: boolean;
  /** More of the replication server's command line. */
  readonly serverOptions?: readonly string[];
}

export interface PointQuery {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly limit: number;
}

type PointList = CommandOutput<'replication-server', 'listRecoveryPoints'>;

const AGENT = 'landfall-agent';
const APPS = join(import.meta.dirname, '../../apps');
const EPOCH_INTERVAL_MS = 100;
const ENROL_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
const MEMORY_STAGING_BYTES = 6 * GIB;

let replicationCount = 0;

export class Replication {
  readonly folder: string;
  readonly port: number;
  readonly #bench: Bench;
  readonly #options: ReplicationOptions;
  readonly #plane: TestControlPlane;
  #agent: ChildProcess | undefined;
  #server: ChildProcess | undefined;
  #agentId = '';
  #serverId = '';

  private constructor(
    bench: Bench,
    options: ReplicationOptions,
    parts: { plane: TestControlPlane; port: number },
  ) {
    replicationCount += 1;
    this.folder = join(bench.folder, `replication-${replicationCount}`);
    this.#bench = bench;
    this.#options = options;
    this.#plane = parts.plane;
    this.port = parts.port;
  }

  /** Everything but the agent runs, and the agent is installed and assigned. */
  static async create(bench: Bench, options: ReplicationOptions): Promise<Replication> {
    const [port = 0] = await freePorts(1);
    const plane = await createTestControlPlane();
    const replication = new Replication(bench, options, { plane, port });
    await replication.#prepare();
    return replication;
  }

  get agentId(): string {
    return this.#agentId;
  }

  get agentPid(): number {
    return this.#agent?.pid ?? 0;
  }

  /** Processor time of both programs since they began, to be told beside a measurement. */
  async describeCpu(): Promise<string> {
    const [agent, server] = [this.#agent, this.#server].map((child) => cpuSeconds(child?.pid ?? 0));
    return `processor time: agent ${(await agent)?.toFixed(1)} s, replication server ${(await server)?.toFixed(1)} s`;
  }

  /** The folder of this server's journal. */
  get journalFolder(): string {
    return join(this.#staging, this.#agentId);
  }

  get #staging(): string {
    return join(this.folder, 'staging');
  }

  startAgent(): void {
    const argv = ['run', '--state-dir', join(this.folder, 'agent')];
    const { profileFolder } = this.#bench.options;
    const command =
      profileFolder === undefined
        ? [join(this.folder, AGENT)]
        : this.#node('agent', join(APPS, 'agent/src/main.ts'));
    this.#agent = this.#start('agent', [...command, ...argv], SERVICE_ENVIRONMENT);
  }

  async stopAgent(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await end(this.#agent, signal);
    this.#agent = undefined;
  }

  /** What the agent last told of itself; a new word comes every second. */
  agentStatus(): Promise<AgentStatus | undefined> {
    return readStatus(join(this.folder, 'agent'));
  }

  /** Resolves when the agent has said so after this call. */
  async untilContinuous(timeoutMs: number): Promise<void> {
    const fromMs = systemClock.nowMs();
    const isContinuous = async () => {
      const status = await this.agentStatus();
      return (
        status !== undefined && status.writtenAtMs >= fromMs && status.replication.state === 'CONTINUOUS'
      );
    };
    await this.until('replication is continuous', isContinuous, timeoutMs);
  }

  /** Newest first. */
  async recoveryPoints(query: PointQuery): Promise<readonly RecoveryPoint[]> {
    const input = { sourceServerId: this.#agentId, ...query };
    const output = await this.#plane.command(this.#serverId, 'listRecoveryPoints', input);
    return (output as PointList).recoveryPoints;
  }

  async newestPoint(): Promise<RecoveryPoint | undefined> {
    const [newest] = await this.recoveryPoints({ limit: 1 });
    return newest;
  }

  /** The newest point as soon as there is one: files of the journal have it before it is listed. */
  async listedPoint(timeoutMs: number): Promise<RecoveryPoint> {
    const points: RecoveryPoint[] = [];
    const isListed = async () => points.push(...(await this.recoveryPoints({ limit: 1 }))) > 0;
    await this.until('a recovery point is listed', isListed, timeoutMs);
    return points[0] as RecoveryPoint;
  }

  /** Resolves when a cut taken after this call is durable. */
  async takeRecoveryPoint(timeoutMs: number): Promise<RecoveryPoint> {
    let point: RecoveryPoint | undefined;
    let failure: unknown;
    this.#plane.command(this.#agentId, 'takeRecoveryPoint', {}).then(
      (output) => {
        point = output as RecoveryPoint;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    await this.until('a recovery point', () => point !== undefined || failure !== undefined, timeoutMs);
    if (point === undefined) throw failure;
    return point;
  }

  /**
   * Resolves when the first recovery point exists: every disk has a base (the journal's FORMAT.md, J1). The
   * file is looked at because the channel's answer takes a fifth of a second.
   */
  async untilFirstPoint(timeoutMs: number): Promise<void> {
    const manifests = this.#options.devices.map((_device, index) =>
      join(this.journalFolder, `disk-${index}`, 'manifest'),
    );
    const hasBase = async (path: string) => {
      const text = await readIfExists(path);
      return text !== undefined && JSON.parse(text).base !== null;
    };
    const isThere = async () => (await Promise.all(manifests.map(hasBase))).every(Boolean);
    await this.until('the first recovery point is durable', isThere, timeoutMs);
  }

  /** What was suspected is known; the tripwire begins anew. */
  async acknowledgeTripwire(): Promise<void> {
    const input = { sourceServerId: this.#agentId, wasExpected: false };
    await this.#plane.command(this.#serverId, 'acknowledgeTripwire', input);
  }

  /** Where the replication server writes what it does. */
  get serverLog(): string {
    return join(this.folder, 'replication-server.log');
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  /** A disk of a recovery point, as an NBD URI. */
  async exportDisk(epoch: number, diskIndex = 0): Promise<string> {
    const input = { exportId: `bench-${epoch}`, sourceServerId: this.#agentId, epoch };
    const output = await this.#plane.command(this.#serverId, 'openExport', input);
    const { disks } = output as CommandOutput<'replication-server', 'openExport'>;
    return disks[diskIndex]?.nbdUri ?? '';
  }

  /** Errors: BENCHMARK_FAILED with the end of the log, when a program ended or it takes too long. */
  async until(what: string, isReached: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadlineNs = systemClock.monotonicNs() + BigInt(timeoutMs) * 1_000_000n;
    while (!(await isReached())) {
      const ended = hasEnded(this.#agent) || hasEnded(this.#server);
      if (ended) throw await this.#failure(`${what}: a program under test ended`);
      if (systemClock.monotonicNs() > deadlineNs)
        throw await this.#failure(`not within ${timeoutMs} ms: ${what}`);
      await systemClock.sleep(POLL_MS);
    }
  }

  /** Ends the programs, and removes all they have written. */
  async close(): Promise<void> {
    await this.stopAgent();
    await end(this.#server, 'SIGTERM');
    await this.#plane.close();
    if (this.#options.serverElsewhere === true) await runChecked(['umount', this.#staging]);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #prepare(): Promise<void> {
    await mkdir(this.#staging, { recursive: true });
    if (this.#options.serverElsewhere === true)
      await runChecked([
        'mount',
        '-t',
        'tmpfs',
        '-o',
        `size=${MEMORY_STAGING_BYTES}`,
        'tmpfs',
        this.#staging,
      ]);
    await writeFile(join(this.folder, 'token'), this.#plane.token);
    const server = [...this.#node('replication-server', join(APPS, 'replication-server/src/main.ts'))];
    this.#server = this.#start('replication-server', [...server, ...this.#serverArgv()]);
    this.#serverId = await this.#enrolled('rs-');
    await this.#buildAgent();
    await runChecked([join(this.folder, AGENT), ...this.#installArgv()], { timeoutMs: ENROL_TIMEOUT_MS });
    this.#agentId = await this.#enrolled('s-');
    noteAgentId(this.#bench.folder, this.#agentId);
    this.#assign();
    const isStaged = async () => (await readdir(this.#staging)).includes(this.#agentId);
    await this.until('the replication server expects the agent', isStaged, ENROL_TIMEOUT_MS);
  }

  /** A copy: another run may build it anew meanwhile. */
  async #buildAgent(): Promise<void> {
    const compressed = await ensureAgentExecutable(cacheFolder(), (line) => this.#bench.say(line));
    await copyFile(compressed.replace(/\.gz$/, ''), join(this.folder, AGENT));
  }

  #serverArgv(): readonly string[] {
    const where = ['--state-dir', join(this.folder, 'server'), '--staging-dir', this.#staging];
    const network = ['--listen', '127.0.0.1', '--port', String(this.port), '--address', '127.0.0.1'];
    const token = ['--token-file', join(this.folder, 'token')];
    const keys = this.#options.plainJournal === true ? ['--no-encryption'] : [];
    return [...where, ...network, ...token, ...keys, ...(this.#options.serverOptions ?? [])];
  }

  #installArgv(): readonly string[] {
    const how = ['--no-prompt', '--no-service', '--devices', this.#options.devices.join(',')];
    const where = ['--token', this.#plane.token, '--state-dir', join(this.folder, 'agent')];
    return ['install', ...how, ...where];
  }

  /** What a control plane does after both have enrolled. */
  #assign(): void {
    const { certificateFingerprint = '', request } = this.#plane.programs.get(this.#agentId) ?? {};
    const server = { sourceServerId: this.#agentId, certificateFingerprint, disks: request?.disks ?? [] };
    this.#plane.configurations.set(this.#serverId, { servers: [server] });
    this.#plane.configurations.set(this.#agentId, {
      desired: 'REPLICATE',
      replicationServer: { replicationServerId: this.#serverId, host: '127.0.0.1', port: this.port },
      bandwidthThrottlingMbps: 0,
      epochIntervalMs: this.#options.epochIntervalMs ?? EPOCH_INTERVAL_MS,
    });
  }

  async #enrolled(prefix: string): Promise<string> {
    const find = () => [...this.#plane.programs.keys()].find((id) => id.startsWith(prefix));
    await this.until(`a program ${prefix}… enrols`, () => find() !== undefined, ENROL_TIMEOUT_MS);
    return find() ?? '';
  }

  #start(name: string, argv: readonly string[], environment: Record<string, string> = {}): ChildProcess {
    const log = openSync(join(this.folder, `${name}.log`), 'a');
    const yields = name === 'replication-server' && this.#options.serverElsewhere === true;
    const [command = '', ...parameters] = [...(yields ? ['nice', '-n', '19'] : []), ...argv];
    // A session of its own, as a service has.
    const env = { ...process.env, ...environment };
    const child = spawn(command, parameters, { stdio: ['ignore', log, log], detached: true, env });
    closeSync(log);
    if (yields) yieldAsSession(child.pid);
    return child;
  }

  #node(name: string, program: string): readonly string[] {
    const { profileFolder } = this.#bench.options;
    const file = `${name}-${replicationCount}-${systemClock.nowMs()}.cpuprofile`;
    const profile = ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${file}`];
    const options = profileFolder === undefined ? [] : profile;
    return [process.execPath, '--disable-warning=ExperimentalWarning', ...options, program];
  }

  async #failure(message: string): Promise<OperationError> {
    const logs = ['agent', 'replication-server'].map((name) =>
      readIfExists(join(this.folder, `${name}.log`)),
    );
    const tails = (await Promise.all(logs)).map((text) =>
      (text ?? '').trim().split('\n').slice(-3).join('\n'),
    );
    return new OperationError('BENCHMARK_FAILED', `${message}\n${tails.join('\n')}`);
  }
}

function hasEnded(child: ChildProcess | undefined): boolean {
  return child !== undefined && (child.exitCode !== null || child.signalCode !== null);
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || hasEnded(child)) return;
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(END_TIMEOUT_MS) });
  child.kill(signal);
  await exited;
}

/** Where the kernel weighs sessions against each other, `nice` counts only within one. */
function yieldAsSession(pid: number | undefined): void {
  const path = `/proc/${pid}/autogroup`;
  if (existsSync(path)) writeFileSync(path, '19');
}
