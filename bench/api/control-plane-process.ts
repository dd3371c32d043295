/** The control plane under test: a process of its own, as `landfall up` starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../apps/cli/src/demo/free-ports.ts';
import { NODE_ARGUMENTS } from '../../apps/cli/src/up/node-arguments.ts';
import { type ApiClientOptions, createApiClient } from '../../packages/api/src/index.ts';
import {
  OperationError,
  readIfExists,
  SUPERVISED_VARIABLE,
  systemClock,
} from '../../packages/runtime/src/index.ts';
import type { Bench } from '../bed/benchmark.ts';

const MAIN = join(import.meta.dirname, '../../apps/control-plane/src/main.ts');
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
/** What is measured is how fast it is, not how it keeps one caller from taking it all. */
const RATE_LIMIT = 1_000_000;

export class ControlPlaneProcess {
  readonly #child: ChildProcess;
  readonly client: ApiClientOptions;

  private constructor(child: ChildProcess, client: ApiClientOptions) {
    this.#child = child;
    this.client = client;
  }

  static async start(bench: Bench): Promise<ControlPlaneProcess> {
    const stateDir = join(bench.folder, 'control-plane');
    const [port = 0] = await freePorts(1);
    const child = spawnNode(bench, [
      ...[MAIN, '--state-dir', stateDir, '--listen', '127.0.0.1', '--address', '127.0.0.1'],
      ...['--port', String(port), '--rate-limit', String(RATE_LIMIT)],
    ]);
    await untilListening(stateDir, child);
    const admin = JSON.parse(await readFile(join(stateDir, 'admin-credentials.json'), 'utf8'));
    const { endpoint, region } = admin;
    const caPem = await readFile(admin.caFile, 'utf8');
    const client = { endpoint, region, caPem, credentials: admin };
    await createApiClient(client).mgn('InitializeService', {});
    return new ControlPlaneProcess(child, client);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await closed;
  }
}

function spawnNode({ folder, options }: Bench, parameters: readonly string[]): ChildProcess {
  const { profileFolder } = options;
  const profile =
    profileFolder === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, '--cpu-prof-name=control-plane.cpuprofile'];
  const log = openSync(join(folder, 'control-plane.log'), 'a');
  const argv = [...NODE_ARGUMENTS, ...profile, ...parameters];
  const env = { ...process.env, [SUPERVISED_VARIABLE]: '1' };
  const child = spawn(process.execPath, argv, { env, stdio: ['pipe', log, log] });
  closeSync(log);
  return child;
}

async function untilListening(stateDir: string, child: ChildProcess): Promise<void> {
  const deadlineMs = systemClock.nowMs() + READY_TIMEOUT_MS;
  for (;;) {
    const text = (await readIfExists(join(stateDir, 'control-plane.json'))) ?? '{}';
    if ((JSON.parse(text) as { readonly pid?: number }).pid === child.pid) return;
    if (child.exitCode !== null || systemClock.nowMs() > deadlineMs) {
      throw new OperationError('BENCHMARK_FAILED', 'the control plane did not come up');
    }
    await systemClock.sleep(POLL_MS);
  }
}
