/**
 * One supervised program: started, its output kept in a log file, started again with a growing delay when
 * it ends by itself. It ends when its supervisor ends, also by kill -9: its standard input is a pipe that
 * then closes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { after, type Backoff, backoffDelayMs, describeError, type Logger } from '@landfall/runtime';

export interface ProgramOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly logFolder: string;
  readonly logger: Logger;
  /** Called with the new process id after each start. */
  readonly onStart?: (pid: number) => void;
}

const RESTART_BACKOFF: Backoff = { initialMs: 500, maximumMs: 10_000 };
/** A program that has run this long is healthy: its next restart is quick again. */
const HEALTHY_MS = 60_000;
const STOP_GRACE_MS = 10_000;

export class Program {
  readonly #options: ProgramOptions;
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  #stopping = false;
  #failures = 0;
  #cancelRestart: (() => void) | undefined;

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#log = createWriteStream(join(options.logFolder, `${options.name}.log`), {
      flags: 'a',
      mode: 0o600,
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /** How often it has ended by itself without having been healthy in between. */
  get failures(): number {
    return this.#failures;
  }

  start(): void {
    const [command = '', ...parameters] = this.#options.argv;
    const startedNs = process.hrtime.bigint();
    const env = { ...process.env, LANDFALL_SUPERVISED: '1' };
    const child = spawn(command, parameters, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdout.pipe(this.#log, { end: false });
    child.stderr.pipe(this.#log, { end: false });
    child.on('error', (error) =>
      this.#options.logger.error('program-not-started', { why: describeError(error) }),
    );
    child.on('close', (exitCode, signal) => this.#ended(exitCode, signal, startedNs));
    if (child.pid !== undefined) this.#options.onStart?.(child.pid);
  }

  #ended(exitCode: number | null, signal: string | null, startedNs: bigint): void {
    this.#child = undefined;
    if (this.#stopping) return;
    const ranMs = Number((process.hrtime.bigint() - startedNs) / 1_000_000n);
    this.#failures = ranMs > HEALTHY_MS ? 0 : this.#failures + 1;
    const delayMs = backoffDelayMs(RESTART_BACKOFF, this.#failures);
    const program = this.#options.name;
    this.#options.logger.warn('program-ended', { program, exitCode, signal, restartInMs: delayMs });
    this.#cancelRestart = after(delayMs, () => this.start());
  }

  /** Ends it: SIGTERM first, SIGKILL after ten seconds. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart?.();
    const child = this.#child;
    if (child !== undefined && child.exitCode === null) {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      const cancelKill = after(STOP_GRACE_MS, () => child.kill('SIGKILL'));
      await closed;
      cancelKill();
    }
    this.#log.end();
  }
}
