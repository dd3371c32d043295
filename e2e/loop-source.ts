/**
 * A source server without a guest: loop devices of this machine as its disks, the agent as a process of
 * this machine. Everything lies in one folder; `close` detaches and ends all of it. The agent ends with the
 * story, also a killed one; what else that left is cleared by the next.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunResult, run, runChecked } from '../packages/runtime/src/index.ts';
import { OwnProcess } from './crash/own-process.ts';
import { removeTraceInstancesOf } from './trace-instances.ts';

const AGENT = join(import.meta.dirname, '../apps/agent/src/main.ts');
const INSTALL_TIMEOUT_MS = 120_000;

export class LoopSource {
  readonly folder: string;
  readonly devices: string[] = [];
  #agent: OwnProcess | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The file as a disk of this server. It is written to if anything writes to the device: give a copy. */
  async attach(file: string): Promise<string> {
    const attached = await runChecked(['losetup', '--find', '--show', '--direct-io=on', file]);
    const device = attached.stdout.trim();
    this.devices.push(device);
    return device;
  }

  /** A new ext4 disk with nothing on it. */
  async attachEmpty(name: string, sizeMib: number): Promise<string> {
    const file = join(this.folder, name);
    await runChecked(['truncate', '-s', `${sizeMib}M`, file]);
    const device = await this.attach(file);
    await runChecked(['mkfs.ext4', '-q', '-F', device]);
    return device;
  }

  /** `landfall-agent install`, as on any server, only without systemd. */
  install(token: string, stateName = 'agent'): Promise<RunResult> {
    const how = ['--no-prompt', '--no-service', '--devices', this.devices.join(',')];
    const argv = ['install', '--token', token, ...how, '--state-dir', join(this.folder, stateName)];
    return run([process.execPath, AGENT, ...argv], { timeoutMs: INSTALL_TIMEOUT_MS });
  }

  async startAgent(stateName = 'agent'): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const argv = [process.execPath, AGENT, 'run', '--state-dir', join(this.folder, stateName)];
    this.#agent = new OwnProcess({ argv, logFile: join(this.folder, `${stateName}.log`) });
    this.#agent.start();
  }

  get agentRunning(): boolean {
    return this.#agent?.isRunning === true;
  }

  async stopAgent(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#agent?.end(signal);
  }

  async close(): Promise<void> {
    await this.stopAgent();
    await removeTraceInstancesOf(this.folder);
    for (const device of this.devices) await run(['losetup', '--detach', device]);
  }
}

/** Detaches loop devices whose file lies in a folder of an earlier run that was killed. */
export async function detachLeftovers(folderPrefix: string): Promise<void> {
  const listed = await run(['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE']);
  for (const line of listed.stdout.split('\n')) {
    const [device, file] = line.trim().split(/\s+/);
    if (device !== undefined && file?.startsWith(folderPrefix)) await run(['losetup', '--detach', device]);
  }
}

/** The install succeeded; otherwise fails with what it said. */
export function assertInstalled(result: RunResult): void {
  assert.equal(result.exitCode, 0, `the install failed: ${result.stdout}${result.stderr}`);
}
