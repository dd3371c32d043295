/**
 * Landfall itself on this machine for a test: the three programs, a folder, and the CLI as a user runs it.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDemoFolder, demoFoldersOfTheDead, endMachinesOf } from '../apps/cli/src/demo/demo-folder.ts';
import { freePorts } from '../apps/cli/src/demo/free-ports.ts';
import { ensureAgentExecutable } from '../apps/cli/src/setup/agent-executable.ts';
import { cacheFolder } from '../apps/cli/src/setup/cache-folder.ts';
import { type Services, type ServicesOptions, startServices } from '../apps/cli/src/up/services.ts';
import { createLogger, type RunResult, run } from '../packages/runtime/src/index.ts';
import { detachLeftovers } from './loop-source.ts';
import { removeTraceInstancesOf } from './trace-instances.ts';

const LAUNCHER = join(import.meta.dirname, '../landfall');
const COMMAND_TIMEOUT_MS = 15 * 60_000;

/** Of runs that were killed; the demo's folder itself is removed when the next is made. */
async function clearLeftovers(cache: string): Promise<void> {
  for (const name of await demoFoldersOfTheDead(cache)) {
    const folder = join(cache, name);
    await removeTraceInstancesOf(folder);
    await detachLeftovers(`${folder}/`);
  }
}

export class Site {
  readonly folder: string;
  readonly stateDir: string;
  readonly port: number;
  readonly services: Services;

  private constructor(folder: string, port: number, services: Services) {
    this.folder = folder;
    this.stateDir = join(folder, 'state');
    this.port = port;
    this.services = services;
  }

  static async create(options: Partial<ServicesOptions> = {}): Promise<Site> {
    const cache = cacheFolder();
    const say = (line: string) => void process.stderr.write(`${line}\n`);
    const agentBinary = await ensureAgentExecutable(cache, say);
    await clearLeftovers(cache);
    const folder = await createDemoFolder(cache);
    const [port = 0, replicationPort = 0] = await freePorts(2);
    const services = await startServices({
      stateDir: join(folder, 'state'),
      listen: '127.0.0.1',
      addresses: ['127.0.0.1'],
      port,
      replicationPort,
      agentBinary,
      region: 'us-east-1',
      // It would start beside whatever a story measures or waits for.
      readyAppliance: false,
      logger: createLogger({ program: 'site', level: 'warn' }),
      ...options,
    });
    return new Site(folder, port, services);
  }

  /** `landfall …` with this site's state. */
  landfall(...parameters: string[]): Promise<RunResult> {
    const state = parameters.includes('--state-dir') ? [] : ['--state-dir', this.stateDir];
    return run([LAUNCHER, ...parameters, ...state], { timeoutMs: COMMAND_TIMEOUT_MS });
  }

  /** The same with --json; it must succeed. */
  async landfallJson<Value>(...parameters: string[]): Promise<Value> {
    const result = await this.landfall(...parameters, '--json');
    assert.equal(result.exitCode, 0, `landfall ${parameters.join(' ')}: ${result.stderr.slice(-2000)}`);
    return JSON.parse(result.stdout) as Value;
  }

  /** `aws mgn …` after `eval "$(landfall env)"`, in a shell as a user has it. */
  aws(...parameters: string[]): Promise<RunResult> {
    const script = 'eval "$("$0" env --state-dir "$STATE_DIR")"; aws mgn "$@" --output json';
    const env = {
      // Debian's, whatever other aws this machine has.
      PATH: `/usr/bin:${process.env.PATH ?? ''}`,
      STATE_DIR: this.stateDir,
      AWS_PAGER: '',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    };
    return run(['sh', '-c', script, LAUNCHER, ...parameters], { env, timeoutMs: 120_000 });
  }

  async awsJson<Value>(...parameters: string[]): Promise<Value> {
    const result = await this.aws(...parameters);
    assert.equal(result.exitCode, 0, `aws mgn ${parameters.join(' ')}: ${result.stderr.slice(-2000)}`);
    return (result.stdout.trim() === '' ? undefined : JSON.parse(result.stdout)) as Value;
  }

  async close(): Promise<void> {
    await this.services.stop();
    await endMachinesOf(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }
}
