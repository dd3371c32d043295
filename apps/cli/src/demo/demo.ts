/**
 * The main job, all the way through, on a real server: enrol, replicate while it works, test-launch a
 * moment of the past, cut over, finalize, archive; each claim proved by the launched machine itself. Every
 * part is the real one.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiClient, createApiClient, type Landfall } from '@landfall/api';
import { createLogger, formatDurationMs, OperationError, systemClock } from '@landfall/runtime';
import { findJob, jobLog } from '../commands/job-progress.ts';
import { replicationProgress } from '../commands/server.ts';
import { readCredentials } from '../credentials.ts';
import { patiently } from '../patiently.ts';
import type { Output } from '../terminal/output.ts';
import { Progress } from '../terminal/progress.ts';
import { type Services, startServices } from '../up/services.ts';
import { endMachinesOf } from './demo-folder.ts';
import { freePorts } from './free-ports.ts';
import type { GuestImage } from './guest-image.ts';
import { fetchJson, LedgerWatch, waitFor, waitForProof } from './http-ledger.ts';
import { findFaults, type LedgerProof, type ProofExpectation } from './ledger-proof.ts';
import { SourceMachine } from './qemu-source-machine.ts';
import { Saboteur, type Victim } from './saboteur.ts';

export interface DemoOptions {
  readonly folder: string;
  readonly image: GuestImage;
  readonly agentBinary: string;
  readonly victim: Victim | undefined;
  readonly output: Output;
}

export interface DemoResult {
  readonly bytesOnSource: number;
  readonly bytesSent: number;
  readonly stagingBytes: number;
  readonly firstSyncMs: number;
  readonly recoveryPoints: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly testLaunchMs: number;
  readonly cutoverLaunchMs: number;
  readonly rowsCheckedInTest: number;
  readonly rowsCheckedInCutover: number;
  readonly pointAgeMs: number;
  readonly struck: readonly string[];
}

const BOOT_TIMEOUT_MS = 4 * 60_000;
const SYNC_TIMEOUT_MS = 10 * 60_000;
const LAUNCH_TIMEOUT_MS = 10 * 60_000;
const RETIRE_TIMEOUT_MS = 10 * 60_000;
/** How far into the past the test goes back, and how long to run before it so that there is such a past. */
const POINT_AGE_MS = 5000;
const RUN_BEFORE_TEST_MS = 12_000;
const CLOCK_TOLERANCE_MS = 3000;

interface Launched {
  readonly machine: Landfall.LaunchedMachine;
  readonly proof: LedgerProof;
  readonly toHttpMs: number;
}

export class Demo {
  readonly #options: DemoOptions;
  readonly #startedMs = systemClock.nowMs();
  #step = 'begin';

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  /** Errors: DEMO_FAILED, naming the step. What the run left behind is the caller's to keep or remove. */
  async run(): Promise<DemoResult> {
    const [apiPort = 0, replicationPort = 0, sshPort = 0, httpPort = 0] = await freePorts(4);
    const { folder, image } = this.#options;
    const source = new SourceMachine({ folder, image, sshPort, httpPort });
    const watch = new LedgerWatch(`http://127.0.0.1:${httpPort}`);
    let services: Services | undefined;
    try {
      this.#say('booting the source server (Debian 12, nginx, SQLite on two disks)');
      await source.start();
      services = await this.#startServices(apiPort, replicationPort);
      return await this.#story(services, source, watch);
    } catch (error) {
      const why = error instanceof OperationError ? `${error.code}: ${error.message}` : String(error);
      throw new OperationError('DEMO_FAILED', `step "${this.#step}" failed: ${why}`, {
        hint: `the logs are in ${join(folder, 'state/logs')} and ${folder}`,
        cause: error,
      });
    } finally {
      watch.stop();
      await services?.stop();
      await source.stop();
      await endMachinesOf(folder);
    }
  }

  #startServices(port: number, replicationPort: number): Promise<Services> {
    this.#say('starting control plane, replication server and launch host');
    return startServices({
      stateDir: join(this.#options.folder, 'state'),
      listen: '127.0.0.1',
      // The source server's user network reaches this machine's loopback at 10.0.2.2.
      addresses: ['10.0.2.2', '127.0.0.1'],
      port,
      replicationPort,
      agentBinary: this.#options.agentBinary,
      region: 'us-east-1',
      logger: createLogger({ program: 'demo', level: this.#options.victim === undefined ? 'warn' : 'error' }),
    });
  }

  async #story(services: Services, source: SourceMachine, watch: LedgerWatch): Promise<DemoResult> {
    const client = createApiClient(await readCredentials(join(this.#options.folder, 'state')));
    const saboteur = this.#saboteur(services, source);
    await this.#waitForSource(source, watch);
    await this.#installAgent(client, source);
    const sourceServerID = await this.#findSourceServer(client);
    await this.#replicate(client, sourceServerID, saboteur);
    const test = await this.#test(client, sourceServerID, watch, saboteur);
    const before = await client.landfall('DescribeReplication', { sourceServerID });
    const { cutover, pointAgeMs } = {
      cutover: await this.#cutOver(client, sourceServerID, source),
      pointAgeMs: test.pointAgeMs,
    };
    await this.#finalize(client, sourceServerID, source, cutover);
    await this.#archive(client, sourceServerID);
    await this.#provesIndependence(services, cutover);
    this.#checkSabotage(saboteur);
    return {
      bytesOnSource: sum(before.disks.map((disk) => disk.totalStorageBytes)),
      bytesSent: before.bytesSent,
      stagingBytes: before.bytesOnDisk,
      firstSyncMs: before.firstSyncDurationMs ?? 0,
      recoveryPoints: before.recoveryPoints,
      lagP50Ms: before.lagP50Ms ?? 0,
      lagP99Ms: before.lagP99Ms ?? 0,
      testLaunchMs: test.launched.toHttpMs,
      cutoverLaunchMs: cutover.toHttpMs,
      rowsCheckedInTest: test.launched.proof.rows,
      rowsCheckedInCutover: cutover.proof.rows,
      pointAgeMs,
      struck: saboteur.struck,
    };
  }

  #saboteur(services: Services, source: SourceMachine): Saboteur {
    return new Saboteur({
      victim: this.#options.victim,
      pidOf: (name) => services.pids.get(name),
      killAgent: async () => void (await source.sshChecked('systemctl kill -s KILL landfall-agent.service')),
      say: (line) => this.#say(line),
    });
  }

  async #waitForSource(source: SourceMachine, watch: LedgerWatch): Promise<void> {
    this.#enter('source server up');
    const alive = async () =>
      (await source.ssh('systemctl is-active ledger-writer.service')).exitCode === 0 ? true : undefined;
    const check = () => {
      if (!source.running)
        throw new OperationError('DEMO_FAILED', 'the QEMU process of the source server ended');
    };
    await waitFor(alive, { what: 'the ledger on the source server', timeoutMs: BOOT_TIMEOUT_MS, check });
    watch.start();
  }

  async #installAgent(client: ApiClient, source: SourceMachine): Promise<void> {
    this.#enter('agent installed');
    const token = await client.landfall('CreateEnrolmentToken', { usesMax: 1 });
    this.#say(`on the source server: ${token.installCommand.replace(token.token, 'lf_…')}`);
    await source.sshChecked(token.installCommand, (text) => this.#options.output.err(indent(text)));
  }

  async #findSourceServer(client: ApiClient): Promise<string> {
    const page = await patiently(() => client.mgn('DescribeSourceServers', {}));
    const id = page.items?.[0]?.sourceServerID;
    if (id === undefined)
      throw new OperationError('DEMO_FAILED', 'the agent was installed but no source server appeared');
    return id;
  }

  async #replicate(client: ApiClient, sourceServerID: string, saboteur: Saboteur): Promise<void> {
    this.#enter('first sync');
    await this.#waitForContinuous(client, sourceServerID, async (fraction) => {
      if (fraction > 0.1) await saboteur.strike('first-sync');
    });
    this.#enter('continuous replication');
    await saboteur.strike('replication');
    await systemClock.sleep(RUN_BEFORE_TEST_MS);
    await this.#waitForContinuous(client, sourceServerID, async () => undefined);
  }

  async #waitForContinuous(
    client: ApiClient,
    sourceServerID: string,
    onProgress: (fraction: number) => Promise<void>,
  ): Promise<void> {
    const progress = new Progress(this.#options.output, systemClock.nowMs);
    const find = async () => {
      const replication = await patiently(() => client.landfall('DescribeReplication', { sourceServerID }));
      const state = replicationProgress(replication);
      progress.show(state);
      await onProgress(state.fraction ?? 0);
      return replication.state === 'CONTINUOUS' && replication.recoveryPoints > 0 ? true : undefined;
    };
    await waitFor(find, { what: 'continuous replication with a recovery point', timeoutMs: SYNC_TIMEOUT_MS });
    progress.end();
  }

  async #test(
    client: ApiClient,
    sourceServerID: string,
    watch: LedgerWatch,
    saboteur: Saboteur,
  ): Promise<{ launched: Launched; pointAgeMs: number }> {
    this.#enter('test launch');
    const points = await patiently(() =>
      client.landfall('ListRecoveryPoints', { sourceServerID, maxResults: 1 }),
    );
    const newestMs = Date.parse(points.newestDateTime ?? '');
    const at = new Date(newestMs - POINT_AGE_MS).toISOString();
    this.#say(
      `launching a test at ${at}, ${POINT_AGE_MS / 1000} s before the newest of ${points.total} recovery points`,
    );
    const startedMs = systemClock.nowMs();
    const { job } = await client.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at });
    const launched = await this.#follow(client, sourceServerID, job.jobID, startedMs, saboteur);
    const cutMs = Date.parse(launched.machine.recoveryPoint.cutDateTime);
    this.#check(launched.proof, watch.rangeAround(cutMs, CLOCK_TOLERANCE_MS), 'test');
    if (cutMs > newestMs - POINT_AGE_MS)
      throw new OperationError(
        'DEMO_FAILED',
        `asked for ${at}, got ${launched.machine.recoveryPoint.cutDateTime}`,
      );
    const state = 'READY_FOR_CUTOVER';
    await patiently(() => client.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state } }));
    return { launched, pointAgeMs: startedMs - cutMs };
  }

  async #follow(
    client: ApiClient,
    sourceServerID: string,
    jobID: string,
    startedMs: number,
    saboteur?: Saboteur,
  ): Promise<Launched> {
    let shown = 0;
    const find = async () => {
      const log = await patiently(() => jobLog(client, jobID));
      for (const item of log.slice(shown))
        this.#say(
          `  ${item.event}${item.eventData?.rawError === undefined ? '' : `: ${item.eventData.rawError}`}`,
        );
      shown = log.length;
      if (log.some((item) => item.event === 'CONVERSION_START')) await saboteur?.strike('launch');
      const job = await findJob(client, jobID);
      return job.status === 'COMPLETED' ? job : undefined;
    };
    const job = await waitFor(find, { what: `job ${jobID}`, timeoutMs: LAUNCH_TIMEOUT_MS });
    const status = job.participatingServers?.[0]?.launchStatus;
    if (status !== 'LAUNCHED') throw new OperationError('DEMO_FAILED', `job ${jobID} ended with ${status}`);
    const { machine, port } = await this.#publishedMachine(client, sourceServerID, jobID);
    for (const step of machine.conversion) this.#say(`  conversion: ${step.step}: ${step.detail}`);
    const proof = await waitForProof(`http://${port.host}:${port.port}`, BOOT_TIMEOUT_MS);
    const toHttpMs = systemClock.nowMs() - startedMs;
    this.#say(`  HTTP 200 after ${formatDurationMs(toHttpMs)}`);
    return { machine, proof, toHttpMs };
  }

  async #publishedMachine(client: ApiClient, sourceServerID: string, jobID: string) {
    const find = async () => {
      const sourceServerIDs = [sourceServerID];
      const { items } = await patiently(() =>
        client.landfall('DescribeLaunchedMachines', { sourceServerIDs }),
      );
      const machine = items.find((one) => one.jobID === jobID);
      const port = machine?.published.find((one) => one.guestPort === 80);
      return machine === undefined || port === undefined ? undefined : { machine, port };
    };
    return waitFor(find, { what: 'a machine that publishes port 80', timeoutMs: 30_000 });
  }

  #check(proof: LedgerProof, expected: ProofExpectation, what: string): void {
    const faults = findFaults(proof, expected);
    if (faults.length > 0)
      throw new OperationError('DEMO_FAILED', `the ${what} machine is wrong: ${faults.join('; ')}`);
    this.#say(
      `  proved: fsck clean, integrity ok, ${proof.rows} rows, logged ${proof.logged} ≤ committed ${proof.committed} ≤ ${proof.logged + 1}`,
    );
  }

  async #cutOver(client: ApiClient, sourceServerID: string, source: SourceMachine): Promise<Launched> {
    this.#enter('cutover');
    await source.sshChecked('systemctl stop ledger-writer.service');
    const last = JSON.parse(await source.sshChecked('cat /run/ledger/status.json')) as { committed: number };
    this.#say(`the source's writer is stopped at ${last.committed}; cutting over`);
    const startedMs = systemClock.nowMs();
    const { job } = await client.mgn('StartCutover', { sourceServerIDs: [sourceServerID] });
    if (job === undefined) throw new OperationError('DEMO_FAILED', 'StartCutover answered without a job');
    const launched = await this.#follow(client, sourceServerID, job.jobID, startedMs);
    this.#check(launched.proof, { committedMin: last.committed, committedMax: last.committed }, 'cutover');
    return launched;
  }

  async #finalize(
    client: ApiClient,
    sourceServerID: string,
    source: SourceMachine,
    cutover: Launched,
  ): Promise<void> {
    this.#enter('finalize');
    await patiently(() => client.mgn('FinalizeCutover', { sourceServerID }));
    const progress = new Progress(this.#options.output, systemClock.nowMs);
    const find = async () => {
      const machines = await patiently(() =>
        client.landfall('DescribeLaunchedMachines', { sourceServerIDs: [sourceServerID] }),
      );
      const hydration = machines.items.find((one) => one.machineID === cutover.machine.machineID)?.hydration;
      if (hydration === undefined)
        throw new OperationError('DEMO_FAILED', 'the launched machine is not listed any more');
      progress.show({
        label: 'filling in the machine’s own disks',
        fraction: hydration.doneBytes / Math.max(1, hydration.totalBytes),
      });
      const replication = await patiently(() => client.landfall('DescribeReplication', { sourceServerID }));
      return hydration.state === 'COMPLETE' && replication.stagingDiscarded ? replication : undefined;
    };
    const replication = await waitFor(find, {
      what: 'an independent machine and freed staging',
      timeoutMs: RETIRE_TIMEOUT_MS,
    });
    progress.end();
    const staged = await readdir(join(this.#options.folder, 'state/staging'));
    if (replication.state !== 'DISCONNECTED' || staged.length > 0) {
      throw new OperationError(
        'DEMO_FAILED',
        `replication is ${replication.state}, staging still holds ${staged.join(', ') || 'nothing'}`,
      );
    }
    const gone = async () =>
      (await source.ssh('test ! -e /etc/systemd/system/landfall-agent.service && ! pgrep landfall-agent'))
        .exitCode === 0
        ? true
        : undefined;
    await waitFor(gone, { what: 'the agent leaving the source server', timeoutMs: BOOT_TIMEOUT_MS });
  }

  async #archive(client: ApiClient, sourceServerID: string): Promise<void> {
    this.#enter('archive');
    const server = await patiently(() => client.mgn('MarkAsArchived', { sourceServerID }));
    if (server.isArchived !== true || server.lifeCycle?.state !== 'CUTOVER') {
      throw new OperationError(
        'DEMO_FAILED',
        `archived is ${server.isArchived}, lifecycle ${server.lifeCycle?.state}`,
      );
    }
  }

  /** With everything of ours stopped, the machine still answers. */
  async #provesIndependence(services: Services, cutover: Launched): Promise<void> {
    this.#enter('independence');
    await services.stop();
    const port = cutover.machine.published.find((one) => one.guestPort === 80);
    const url = `http://${port?.host}:${port?.port}/status.json`;
    const first = await waitFor(() => fetchJson<{ committed: number }>(url), {
      what: 'the finished machine answering',
      timeoutMs: 30_000,
    });
    const grows = async () => {
      const page = await fetchJson<{ committed: number }>(url);
      return page !== undefined && page.committed > first.committed ? page : undefined;
    };
    const next = await waitFor(grows, { what: 'the finished machine writing on', timeoutMs: 60_000 });
    this.#say(`with Landfall stopped the machine works on: ${first.committed} → ${next.committed} rows`);
  }

  #checkSabotage(saboteur: Saboteur): void {
    if (this.#options.victim === undefined || saboteur.struck.length === 3) return;
    throw new OperationError('DEMO_FAILED', `only these moments were struck: ${saboteur.struck.join(', ')}`);
  }

  #enter(step: string): void {
    this.#step = step;
    this.#say(`── ${step}`);
  }

  #say(line: string): void {
    const seconds = ((systemClock.nowMs() - this.#startedMs) / 1000).toFixed(0).padStart(4);
    this.#options.output.err(`${seconds} s  ${line}\n`);
  }
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '        │ ');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
