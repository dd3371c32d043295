/**
 * Tests only: source disks as loop devices, a test control plane, and the agent and the replication server as
 * real processes, which tests kill and start again. Everything lies in one temporary folder and is gone after
 * `close`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentReport, ReplicationServerConfiguration, ReplicationServerReport } from '@landfall/channel';
import { CONTROL_PLANE_NAME, createTestControlPlane, type TestControlPlane } from '@landfall/channel/testing';
import type { RecoveryPoint } from '@landfall/model';
import { MIB, type RunResult, run, runChecked, systemClock } from '@landfall/runtime';
import { startTestProxy, type TestProxy } from '@landfall/runtime/testing';

export interface SourceDisk {
  readonly deviceName: string;
  readonly mountPoint: string;
}

export interface ExportedDisk {
  readonly diskId: string;
  readonly nbdUri: string;
  readonly sizeBytes: number;
}

/** `LANDFALL_AGENT_EXECUTABLE` names a built one to test instead of the source. */
const AGENT =
  process.env.LANDFALL_AGENT_EXECUTABLE === undefined
    ? [process.execPath, join(import.meta.dirname, '../../../agent/src/main.ts')]
    : [process.env.LANDFALL_AGENT_EXECUTABLE];
const SERVER_MAIN = join(import.meta.dirname, '../main.ts');
const LOOPBACK = '127.0.0.1';
/** Resolves nowhere: only the rig's proxy leads there. */
const REPLICATION_SERVER_NAME = 'replication-server.landfall.invalid';

export class TestRig {
  readonly folder: string;
  readonly plane: TestControlPlane;
  readonly port: number;
  disks: SourceDisk[] = [];
  agentId = '';
  serverId = '';
  proxy: TestProxy | undefined;
  /** Of the replication server, when it is started next. */
  serverOptions: readonly string[] = [];
  #stagingMounted = false;
  #agent: ChildProcess | undefined;
  #server: ChildProcess | undefined;

  private constructor(folder: string, plane: TestControlPlane, port: number) {
    this.folder = folder;
    this.plane = plane;
    this.port = port;
  }

  static async create(): Promise<TestRig> {
    const folder = await mkdtemp(join(tmpdir(), 'landfall-rig-'));
    await mkdir(join(folder, 'staging'));
    return new TestRig(folder, await createTestControlPlane(), await freePort());
  }

  /** From now on the agent knows both servers by names that only a proxy can resolve. */
  async useProxy(credentials: string): Promise<TestProxy> {
    const hosts = { [CONTROL_PLANE_NAME]: LOOPBACK, [REPLICATION_SERVER_NAME]: LOOPBACK };
    this.proxy = await startTestProxy({ credentials, hosts });
    return this.proxy;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A loop device with ext4 on it, mounted. */
  async addDisk(sizeMib: number): Promise<SourceDisk> {
    const image = this.path(`disk-${this.disks.length}.img`);
    const mountPoint = this.path(`mount-${this.disks.length}`);
    const file = await open(image, 'w');
    await file.truncate(sizeMib * MIB);
    await file.close();
    await mkdir(mountPoint);
    const attached = await runChecked(['losetup', '--find', '--show', '--direct-io=on', image]);
    const disk = { deviceName: attached.stdout.trim(), mountPoint };
    this.disks.push(disk);
    // Nothing is to be written behind the test's back.
    const eager = 'lazy_itable_init=0,lazy_journal_init=0';
    await runChecked(['mkfs.ext4', '-q', '-F', '-E', eager, disk.deviceName]);
    await runChecked(['mount', disk.deviceName, mountPoint]);
    return disk;
  }

  /** The disk's file as a loop device again, under whatever name. */
  async attachAgain(index: number): Promise<void> {
    const disk = this.disks[index];
    if (disk === undefined) return;
    const image = this.path(`disk-${index}.img`);
    const attached = await runChecked(['losetup', '--find', '--show', '--direct-io=on', image]);
    this.disks[index] = { ...disk, deviceName: attached.stdout.trim() };
  }

  /** Staging on a volume of its own; called again, the volume is made larger or smaller. */
  async limitStaging(sizeMib: number): Promise<void> {
    const options = `${this.#stagingMounted ? 'remount,' : ''}size=${sizeMib}m`;
    await runChecked(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', this.path('staging')]);
    this.#stagingMounted = true;
  }

  async startServer(): Promise<void> {
    this.#server = this.#start('server', [process.execPath, ...(await this.#serverCommand('server'))]);
    this.serverId = await this.#enrolled('rs-', this.#server);
  }

  async untilServerReady(): Promise<void> {
    await until('the replication server reports', () => this.serverReport() !== undefined);
  }

  /** Another replication server on the same port, to its end. */
  async runSecondServer(): Promise<RunResult> {
    return run([process.execPath, ...(await this.#serverCommand('second'))], { timeoutMs: 30_000 });
  }

  async #serverCommand(name: string): Promise<readonly string[]> {
    await writeFile(this.path('token'), this.plane.token);
    const where = ['--state-dir', this.path(name), '--staging-dir', this.path('staging')];
    const network = ['--listen', '127.0.0.1', '--port', String(this.port), '--address', '127.0.0.1'];
    return [SERVER_MAIN, ...where, ...network, '--token-file', this.path('token'), ...this.serverOptions];
  }

  /** What an installation that fails says. */
  async failedInstall(token: string, ...more: readonly string[]): Promise<string> {
    const result = await run([...this.#installCommand(token), ...more], { timeoutMs: 60_000 });
    return result.exitCode === 0 ? '' : result.stderr;
  }

  #installCommand(token: string): readonly string[] {
    const devices = this.disks.map((disk) => disk.deviceName).join(',');
    const how = ['--no-prompt', '--no-service', '--devices', devices, '--state-dir', this.path('agent')];
    return [...AGENT, 'install', '--token', token, ...how];
  }

  async installAgent(more: readonly string[] = []): Promise<void> {
    const command = this.#installCommand(
      this.proxy === undefined ? this.plane.token : this.plane.tokenByName,
    );
    const through = ['--proxy', this.proxy?.url ?? 'none'];
    await runChecked([...command, ...through, ...more], { timeoutMs: 60_000 });
    this.agentId = await this.#enrolled('s-', undefined);
  }

  async configureAgent(...parameters: readonly string[]): Promise<string> {
    const command = [...AGENT, 'configure', '--state-dir', this.path('agent'), ...parameters];
    return (await runChecked(command, { timeoutMs: 60_000 })).stdout;
  }

  /** Measures beside whatever the installed agent is doing. */
  async forecast(minutes: number): Promise<unknown> {
    const how = ['--minutes', String(minutes), '--json', '--state-dir', this.path('agent')];
    const { stdout } = await runChecked([...AGENT, 'forecast', ...how], { timeoutMs: 120_000 });
    return JSON.parse(stdout);
  }

  async startAgent(): Promise<void> {
    this.#agent = this.#start('agent', [...AGENT, 'run', '--state-dir', this.path('agent')]);
  }

  /** What a control plane does after both have enrolled: pairs them. */
  pair(desired: 'REPLICATE' | 'PAUSE' | 'STOP' | 'UNINSTALL' = 'REPLICATE', epochIntervalMs = 100): void {
    const agent = this.plane.programs.get(this.agentId);
    const { certificateFingerprint = '', request } = agent ?? {};
    const server = { sourceServerId: this.agentId, certificateFingerprint, disks: request?.disks ?? [] };
    this.plane.configurations.set(this.serverId, { servers: [server] });
    const host = this.proxy === undefined ? LOOPBACK : REPLICATION_SERVER_NAME;
    const replicationServer = { host, replicationServerId: this.serverId, port: this.port };
    const settings = { bandwidthThrottlingMbps: 0, epochIntervalMs };
    this.plane.configurations.set(this.agentId, { desired, replicationServer, ...settings });
  }

  /** What a control plane does when somebody limits the journal of the server, or takes the limit away. */
  limitJournal(journalLimitBytes?: number): void {
    const configuration = this.plane.configurations.get(this.serverId) as ReplicationServerConfiguration;
    const servers = configuration.servers.map(({ journalLimitBytes: _, ...server }) => ({
      ...server,
      ...(journalLimitBytes === undefined ? {} : { journalLimitBytes }),
    }));
    this.plane.configurations.set(this.serverId, { servers });
  }

  /** What a control plane does when somebody says to go on without these disks. */
  exclude(excludedDiskIds: readonly string[]): void {
    const configuration = this.plane.configurations.get(this.agentId);
    this.plane.configurations.set(this.agentId, Object.assign({}, configuration, { excludedDiskIds }));
  }

  /** What a control plane does when a proof of equality is asked for. */
  prove(proofId: string): void {
    const configuration = this.plane.configurations.get(this.agentId);
    this.plane.configurations.set(this.agentId, Object.assign({}, configuration, { proof: { proofId } }));
  }

  agentReport(): AgentReport | undefined {
    return this.plane.reports.get(this.agentId)?.body as AgentReport | undefined;
  }

  serverReport(): ReplicationServerReport | undefined {
    return this.plane.reports.get(this.serverId)?.body as ReplicationServerReport | undefined;
  }

  async takeRecoveryPoint(): Promise<RecoveryPoint> {
    return (await this.plane.command(this.agentId, 'takeRecoveryPoint', {})) as RecoveryPoint;
  }

  async openExport(epoch: number, exportId = `export-${epoch}`): Promise<readonly ExportedDisk[]> {
    const input = { exportId, sourceServerId: this.agentId, epoch };
    const output = await this.plane.command(this.serverId, 'openExport', input);
    return (output as { disks: readonly ExportedDisk[] }).disks;
  }

  killAgent(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    return end(this.#agent, signal);
  }

  killServer(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    return end(this.#server, signal);
  }

  agentExit(): Promise<number | null> {
    return end(this.#agent, undefined);
  }

  get agentPid(): number {
    return this.#agent?.pid ?? 0;
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  /** Whether an event is in the log of the replication server at least so many times. */
  serverLogSays(event: string, times: number): boolean {
    return readFileSync(this.path('server.log'), 'utf8').split(`"${event}"`).length > times;
  }

  agentLogSays(what: RegExp): boolean {
    return what.test(readFileSync(this.path('agent.log'), 'utf8'));
  }

  /** What a restart of the agent would need, as it says itself. */
  agentRestart(): string | undefined {
    const status = JSON.parse(readFileSync(join(this.path('agent'), 'status.json'), 'utf8'));
    return status.tracking?.restart;
  }

  async logOf(program: 'agent' | 'server'): Promise<string> {
    return readFile(this.path(`${program}.log`), 'utf8');
  }

  async close(): Promise<void> {
    await Promise.all([this.killAgent('SIGTERM'), this.killServer('SIGTERM')]);
    for (const name of ['a', 'b']) await this.#removeSafetyTrace(name);
    await this.plane.close();
    await this.proxy?.close();
    if (this.#stagingMounted) await run(['umount', '--lazy', this.path('staging')]);
    for (const disk of this.disks) {
      await run(['umount', '--lazy', disk.mountPoint]);
      await run(['losetup', '--detach', disk.deviceName]);
    }
    if (process.env.LANDFALL_KEEP === undefined) await rm(this.folder, { recursive: true, force: true });
    else process.stderr.write(`kept: ${this.folder}\n`);
  }

  /** It outlives its agent by design, and takes memory. */
  async #removeSafetyTrace(name: string): Promise<void> {
    const folder = `/sys/kernel/tracing/instances/landfall-safety-${this.agentId}-${name}`;
    if (existsSync(folder)) await rmdir(folder);
  }

  #start(name: string, [command = '', ...parameters]: readonly string[]): ChildProcess {
    const log = openSync(this.path(`${name}.log`), 'a');
    const child = spawn(command, parameters, { stdio: ['ignore', log, log] });
    closeSync(log);
    return child;
  }

  async #enrolled(prefix: string, child: ChildProcess | undefined): Promise<string> {
    const find = () => [...this.plane.programs.keys()].find((id) => id.startsWith(prefix));
    await until(`a program ${prefix}… enrols`, () => find() !== undefined || child?.exitCode != null, 30_000);
    return find() ?? '';
  }
}

async function end(
  child: ChildProcess | undefined,
  signal: NodeJS.Signals | undefined,
): Promise<number | null> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null)
    return child?.exitCode ?? null;
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
  if (signal !== undefined) child.kill(signal);
  await exited;
  return child.exitCode;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export async function until(what: string, condition: () => boolean, timeoutMs = 60_000): Promise<void> {
  const startNs = systemClock.monotonicNs();
  while (!condition()) {
    const waitedMs = Number((systemClock.monotonicNs() - startNs) / 1_000_000n);
    if (waitedMs > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await systemClock.sleep(50);
  }
}
