/**
 * A replication server over a staging area that is there already, without an agent: it opens the journals and
 * exports their recovery points.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../apps/cli/src/demo/free-ports.ts';
import type { CommandOutput } from '../../packages/channel/src/index.ts';
import {
  createTestControlPlane,
  type TestControlPlane,
} from '../../packages/channel/src/testing/test-control-plane.ts';
import { OperationError, systemClock } from '../../packages/runtime/src/index.ts';
import type { Bench } from './benchmark.ts';

const MAIN = join(import.meta.dirname, '../../apps/replication-server/src/main.ts');
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

export interface StagedDisk {
  readonly sourceServerId: string;
  readonly sizeBytes: number;
  readonly stagingFolder: string;
}

export class ExportServer {
  readonly #child: ChildProcess;
  readonly #plane: TestControlPlane;
  readonly #programId: string;
  readonly #disk: StagedDisk;

  private constructor(child: ChildProcess, plane: TestControlPlane, named: { id: string; disk: StagedDisk }) {
    this.#child = child;
    this.#plane = plane;
    this.#programId = named.id;
    this.#disk = named.disk;
  }

  static async start(bench: Bench, disk: StagedDisk): Promise<ExportServer> {
    const folder = join(bench.folder, 'export-server');
    await mkdir(folder, { recursive: true });
    const plane = await createTestControlPlane();
    await writeFile(join(folder, 'token'), plane.token);
    const child = await startProgram(bench, folder, disk.stagingFolder);
    const id = await untilEnrolled(plane, child);
    const { sourceServerId, sizeBytes } = disk;
    const disks = [{ diskId: 'disk-0', deviceName: '/dev/sda', sizeBytes, isBootDisk: true }];
    const servers = [{ sourceServerId, certificateFingerprint: '', disks }];
    plane.configurations.set(id, { servers });
    return new ExportServer(child, plane, { id, disk });
  }

  /** The disk at a recovery point, as an NBD URI. */
  async exportDisk(epoch: number): Promise<string> {
    const input = { exportId: `bench-${epoch}`, sourceServerId: this.#disk.sourceServerId, epoch };
    const deadlineMs = systemClock.nowMs() + READY_TIMEOUT_MS;
    for (;;) {
      try {
        const output = await this.#plane.command(this.#programId, 'openExport', input);
        return (output as CommandOutput<'replication-server', 'openExport'>).disks[0]?.nbdUri ?? '';
      } catch (error) {
        // Until its configuration has reached it.
        const isStaged = !(error instanceof OperationError && error.code === 'SERVER_NOT_STAGED');
        if (isStaged || systemClock.nowMs() > deadlineMs) throw error;
      }
      await systemClock.sleep(POLL_MS);
    }
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit');
    if (this.#child.exitCode === null && this.#child.kill('SIGTERM')) await exited;
    await this.#plane.close();
  }
}

async function startProgram(
  { options }: Bench,
  folder: string,
  stagingFolder: string,
): Promise<ChildProcess> {
  const [port = 0] = await freePorts(1);
  const where = ['--state-dir', join(folder, 'state'), '--staging-dir', stagingFolder];
  const network = ['--listen', '127.0.0.1', '--port', String(port), '--address', '127.0.0.1'];
  const { profileFolder } = options;
  const profile =
    profileFolder === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, '--cpu-prof-name=export-server.cpuprofile'];
  const argv = ['--disable-warning=ExperimentalWarning', ...profile, MAIN, ...where, ...network];
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn(process.execPath, [...argv, '--token-file', join(folder, 'token')], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

async function untilEnrolled(plane: TestControlPlane, child: ChildProcess): Promise<string> {
  const deadlineMs = systemClock.nowMs() + READY_TIMEOUT_MS;
  for (;;) {
    const id = [...plane.programs.keys()].find((name) => name.startsWith('rs-'));
    if (id !== undefined) return id;
    if (child.exitCode !== null || systemClock.nowMs() > deadlineMs)
      throw new OperationError('BENCHMARK_FAILED', 'the replication server did not start');
    await systemClock.sleep(POLL_MS);
  }
}
