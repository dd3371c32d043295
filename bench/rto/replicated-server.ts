/**
 * A server whose disks are replicated by the real programs, as `landfall up` starts them, until it can be
 * launched: an agent reads its disks through loop devices. All that is started and written names one folder.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCredentials } from '../../apps/cli/src/credentials.ts';
import { freePorts } from '../../apps/cli/src/demo/free-ports.ts';
import { type Services, startServices } from '../../apps/cli/src/up/services.ts';
import { LoopSource } from '../../e2e/loop-source.ts';
import { type ApiClient, createApiClient } from '../../packages/api/src/index.ts';
import {
  createLogger,
  ensureFolder,
  OperationError,
  runChecked,
  systemClock,
} from '../../packages/runtime/src/index.ts';
import { noteAgentId } from '../bed/bench-folder.ts';
import type { Bench } from '../bed/benchmark.ts';
import { MACHINE_SIZE } from './launch-times.ts';

export interface SourceDisk {
  readonly path: string;
  readonly sizeBytes: number;
  /** Of somebody else, so a copy of it is replicated. */
  readonly isShared: boolean;
}

const COPY_TIMEOUT_MS = 10 * 60_000;
const SYNC_TIMEOUT_MS = 30 * 60_000;
const PREFLIGHT_TIMEOUT_MS = 15 * 60_000;
const POLL_MS = 100;

export class ReplicatedServer {
  readonly api: ApiClient;
  readonly sourceServerID: string;
  readonly #stateDir: string;
  readonly #services: Services;
  readonly #source: LoopSource;

  private constructor(parts: {
    api: ApiClient;
    sourceServerID: string;
    stateDir: string;
    services: Services;
    source: LoopSource;
  }) {
    this.api = parts.api;
    this.sourceServerID = parts.sourceServerID;
    this.#stateDir = parts.stateDir;
    this.#services = parts.services;
    this.#source = parts.source;
  }

  /**
   * `disks`: the one it boots from first. Returns when the server is ready for test and nobody looks at its
   * first point any more.
   */
  static async create(bench: Bench, disks: readonly SourceDisk[]): Promise<ReplicatedServer> {
    const folder = join(bench.folder, 'site');
    const stateDir = join(folder, 'state');
    await ensureFolder(folder);
    const services = await startPrograms(stateDir);
    const source = new LoopSource(folder);
    for (const [index, disk] of disks.entries()) {
      await source.attach(await ownFile(disk, join(folder, `source-${index}.raw`)));
    }
    const api = createApiClient(await readCredentials(stateDir));
    const { token } = await api.landfall('CreateEnrolmentToken', {});
    const installed = await source.install(token);
    if (installed.exitCode !== 0) throw failed(`the agent was not installed: ${installed.stderr}`);
    const sourceServerID = (await api.mgn('DescribeSourceServers', {})).items?.[0]?.sourceServerID ?? '';
    noteAgentId(bench.folder, sourceServerID);
    const server = new ReplicatedServer({ api, sourceServerID, stateDir, services, source });
    await server.#configure();
    await source.startAgent();
    await server.until('the first recovery point', () => server.#isReady(), SYNC_TIMEOUT_MS);
    await server.until('its inspection', () => server.#isInspected(), PREFLIGHT_TIMEOUT_MS);
    return server;
  }

  /** How many appliances have stood ready on the launch host so far. */
  async readyAppliances(): Promise<number> {
    const log = await readFile(join(this.#stateDir, 'logs/launch-host.log'), 'utf8');
    return log.split('"event":"appliance-ready"').length - 1;
  }

  /** Files of a machine on its launch host. */
  machineFolder(machineID: string): string {
    return join(this.#stateDir, 'launch-host/machines', machineID);
  }

  async hasMachineFiles(): Promise<boolean> {
    return (await readdir(join(this.#stateDir, 'launch-host/machines'))).length > 0;
  }

  async lifeCycleState(): Promise<string | undefined> {
    return (await this.api.mgn('DescribeSourceServers', {})).items?.[0]?.lifeCycle?.state;
  }

  /** Errors: BENCHMARK_FAILED when it takes too long. */
  async until(what: string, isReached: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadlineNs = systemClock.monotonicNs() + BigInt(timeoutMs) * 1_000_000n;
    while (!(await isReached())) {
      if (systemClock.monotonicNs() > deadlineNs) throw failed(`not within ${timeoutMs} ms: ${what}`);
      await systemClock.sleep(POLL_MS);
    }
  }

  async close(): Promise<void> {
    await this.#source.close();
    await this.#services.stop();
  }

  async #configure(): Promise<void> {
    const { api, sourceServerID } = this;
    await api.landfall('PutBootProofSchedule', { sourceServerID, intervalHours: 0 });
    await api.mgn('UpdateLaunchConfiguration', {
      ...{ sourceServerID, bootMode: 'LEGACY_BIOS', launchDisposition: 'STARTED' },
      targetInstanceTypeRightSizingMethod: 'NONE',
    });
    const { launchTemplateVersion } = await api.landfall('CreateLaunchTemplateVersion', {
      sourceServerID,
      sourceVersion: '$Default',
      launchTemplateData: { instanceType: MACHINE_SIZE, inboundPorts: [80] },
    });
    const version = String(launchTemplateVersion.versionNumber);
    await api.landfall('SetDefaultLaunchTemplateVersion', { sourceServerID, version });
  }

  async #isReady(): Promise<boolean> {
    return (await this.lifeCycleState()) === 'READY_FOR_TEST';
  }

  async #isInspected(): Promise<boolean> {
    const { sourceServerID } = this;
    const { preflight } = await this.api.landfall('DescribePreflight', { sourceServerID });
    if (preflight?.state === 'FAILED') throw failed(`the inspection failed: ${JSON.stringify(preflight)}`);
    return preflight?.state === 'COMPLETE';
  }
}

async function ownFile({ path, isShared }: SourceDisk, copy: string): Promise<string> {
  if (!isShared) return path;
  await runChecked(['cp', '--sparse=always', path, copy], { timeoutMs: COPY_TIMEOUT_MS });
  return copy;
}

async function startPrograms(stateDir: string): Promise<Services> {
  const [port = 0, replicationPort = 0] = await freePorts(2);
  return await startServices({
    ...{ stateDir, port, replicationPort, listen: '127.0.0.1', addresses: ['127.0.0.1'] },
    region: 'us-east-1',
    logger: createLogger({ program: 'bench-rto', level: 'warn' }),
  });
}

export function failed(message: string): OperationError {
  return new OperationError('BENCHMARK_FAILED', message);
}
