/** Launches of one guest by the launch host, from a read-only view of its disk, each timed. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createLaunchHost, type LaunchHost } from '../../apps/launch-host/src/launch-host.ts';
import { CPU_COUNT, MEMORY_MIB } from '../../e2e/guests/bare-machine.ts';
import { waitForLife } from '../../e2e/guests/http-sign-of-life.ts';
import { ViewServer } from '../../e2e/guests/view-server.ts';
import type { MachineSpecification, MachineStatus } from '../../packages/channel/src/index.ts';
import { type Accelerator, macAddressOf } from '../../packages/launch/src/index.ts';
import {
  createLogger,
  ensureFolder,
  MIB,
  OperationError,
  systemClock,
} from '../../packages/runtime/src/index.ts';

export interface LaunchTimes {
  /** From the launch call until the machine was started. */
  readonly toStartMs: number;
  /** From the launch call until the first HTTP 200. */
  readonly toAnswerMs: number;
  /** Whether a conversion that was kept has been used. */
  readonly wasPrepared: boolean;
}

export const BOOT_TIMEOUT_MS = 15 * 60_000;
const POLL_MS = 20;
const KEPT_NAME = 'bench-rto';
const ROOT_DISK_ID = 'disk-0';

export interface SourceDisk {
  readonly path: string;
  readonly sizeBytes: number;
}

interface ServedDisk extends SourceDisk {
  readonly diskId: string;
  readonly view: ViewServer;
}

export class Launches {
  readonly viewUris: readonly string[];
  readonly #stateDir: string;
  readonly #host: LaunchHost;
  readonly #disks: readonly ServedDisk[];
  #count = 0;

  private constructor(parts: { stateDir: string; host: LaunchHost; disks: readonly ServedDisk[] }) {
    this.#stateDir = parts.stateDir;
    this.#host = parts.host;
    this.#disks = parts.disks;
    this.viewUris = parts.disks.map(({ view }) => view.uri);
  }

  /** `disks`: of the server, the one it boots from first. */
  static async create(
    folder: string,
    sourceDisks: readonly SourceDisk[],
    accelerator: Accelerator,
  ): Promise<Launches> {
    await ensureFolder(folder);
    const disks: ServedDisk[] = [];
    for (const [index, disk] of sourceDisks.entries()) {
      const diskId = `disk-${index}`;
      disks.push({ ...disk, diskId, view: await ViewServer.start(folder, diskId, disk.path) });
    }
    const stateDir = join(folder, 'state');
    const logger = createLogger({ program: 'bench-rto', level: 'warn' });
    const host = createLaunchHost({ stateDir, logger, clock: systemClock, accelerator });
    await host.start();
    return new Launches({ stateDir, host, disks });
  }

  /**
   * Converts the guest without starting it and keeps the conversion for launches to come. Returns the
   * overlay, which stays until `close`, and the address of the network card it was converted for.
   */
  async prepare(): Promise<{ readonly overlay: string; readonly macAddress: string }> {
    const specification = this.#specify({ disposition: 'STOPPED', keepConversionAs: KEPT_NAME });
    const { machineId } = specification;
    await this.#host.handlers.ensureMachine(specification);
    await this.#until(machineId, 'STOPPED');
    const overlay = join(this.#stateDir, 'machines', machineId, `overlay-${ROOT_DISK_ID}.qcow2`);
    return { overlay, macAddress: macAddressOf(machineId) };
  }

  /** Launches, waits for HTTP 200, and terminates. */
  async time(point: 'UNVERIFIED' | 'VERIFIED'): Promise<LaunchTimes> {
    const prepared = point === 'VERIFIED' ? { preparedConversion: KEPT_NAME } : {};
    const specification = this.#specify({ disposition: 'STARTED', ...prepared });
    const { machineId } = specification;
    const startedNs = systemClock.monotonicNs();
    const sinceMs = () => Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
    try {
      await this.#host.handlers.ensureMachine(specification);
      const { published, conversion } = await this.#until(machineId, 'RUNNING');
      const toStartMs = sinceMs();
      const life = await waitForLife({ port: published[0]?.port ?? 0, timeoutMs: BOOT_TIMEOUT_MS });
      if (life.kind === 'GAVE_UP') throw new OperationError('BENCHMARK_FAILED', life.why);
      const wasPrepared = conversion.every(({ step }) => step !== 'Inspection');
      return { toStartMs, toAnswerMs: sinceMs(), wasPrepared };
    } finally {
      await this.#host.handlers.terminateMachine({ machineId });
    }
  }

  async close(): Promise<void> {
    for (let number = 1; number <= this.#count; number += 1)
      await this.#host.handlers.terminateMachine({ machineId: machineIdOf(number) });
    await this.#host.stop();
    for (const { view } of this.#disks) await view.stop();
  }

  #specify(
    chosen: Pick<MachineSpecification, 'disposition' | 'keepConversionAs' | 'preparedConversion'>,
  ): MachineSpecification {
    this.#count += 1;
    // By which the launch host knows that a conversion it kept is one of this disk.
    const recoveryPoint = { sourceServerId: 's-0123456789abcdef0', epoch: 1, cutTimeMs: 0 };
    return {
      ...{ ...chosen, machineId: machineIdOf(this.#count), name: 'rto', purpose: 'TEST', recoveryPoint },
      disks: this.#disks.map(({ diskId, sizeBytes, view }, index) => ({
        ...{ diskId, sizeBytes, deviceName: `/dev/sd${'abc'[index]}` },
        ...{ isBootDisk: index === 0, nbdUri: view.uri },
      })),
      ...{ cpuCount: CPU_COUNT, memoryBytes: MEMORY_MIB * MIB, bootMode: 'USE_SOURCE' },
      publishedPorts: [80],
    };
  }

  async #until(machineId: string, phase: MachineStatus['phase']): Promise<MachineStatus> {
    for (;;) {
      const status = await this.#host.handlers.describeMachine({ machineId });
      if (status.phase === phase) return status;
      if (status.phase === 'FAILED') {
        const { code, message } = status.error ?? { code: 'FAILED', message: 'no reason was given' };
        throw new OperationError('BENCHMARK_FAILED', `the launch failed: ${code}: ${message}`);
      }
      await systemClock.sleep(POLL_MS);
    }
  }
}

function machineIdOf(number: number): string {
  return `i-${createHash('sha256').update(`bench-rto-${number}`).digest('hex').slice(0, 17)}`;
}
