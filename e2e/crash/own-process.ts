/**
 * A process of the campaign. It dies with the campaign, also by kill -9: the kernel sends it SIGKILL when
 * its parent ends (prctl PR_SET_PDEATHSIG, set by setpriv). Its output goes to a log file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { SUPERVISED_VARIABLE, systemClock } from '../../packages/runtime/src/index.ts';

export interface OwnProcessOptions {
  readonly argv: readonly string[];
  readonly logFile: string;
  /** Another user to run as; the campaign itself is root. */
  readonly user?: string;
}

const POLL_MS = 5;

const running = new Set<ChildProcess>();

export class OwnProcess {
  readonly #options: OwnProcessOptions;
  #child: ChildProcess | undefined;

  constructor(options: OwnProcessOptions) {
    this.#options = options;
  }

  start(): void {
    const { argv, logFile, user } = this.#options;
    const log = openSync(logFile, 'a');
    const parameters = ['--pdeathsig', 'KILL', ...identity(user), '--', ...argv];
    const { [SUPERVISED_VARIABLE]: _ours, ...env } = process.env;
    // A group of its own: Ctrl-C reaches only the campaign, which then ends its processes in order.
    const child = spawn('setpriv', parameters, { env, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    running.add(child);
    child.once('close', () => running.delete(child));
    this.#child = child;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when each of its threads stands still, outside of any system call that does something. */
  async pause(): Promise<void> {
    this.#child?.kill('SIGSTOP');
    while (!(await this.#isStopped())) await systemClock.sleep(POLL_MS);
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async #isStopped(): Promise<boolean> {
    const threads = `/proc/${this.#child?.pid}/task`;
    const names = await readdir(threads);
    const stopped = await Promise.all(names.map((name) => isThreadStopped(`${threads}/${name}/stat`)));
    return stopped.every((isStopped) => isStopped);
  }

  /** Resolves when it has ended; `null` when a signal ended it. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return child?.exitCode ?? null;
    const closed = once(child, 'close');
    if (signal !== undefined) child.kill(signal);
    // One that stands still would not hear it.
    child.kill('SIGCONT');
    await closed;
    return child.exitCode;
  }
}

/** Field 3 of proc(5) stat, after the name in brackets: T is stopped. */
async function isThreadStopped(path: string): Promise<boolean> {
  const stat = await readFile(path, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

/** For the end of the campaign itself: whatever still runs is not needed any more. */
export function killAllOwnProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
}

function identity(user: string | undefined): readonly string[] {
  return user === undefined ? [] : ['--reuid', user, '--regid', user, '--init-groups'];
}
