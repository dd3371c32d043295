/**
 * One appliance, one guestfish, fed command by command over standard input: starting an appliance costs many
 * seconds, a command in it milliseconds.
 *
 * guestfish reads commands from a pipe like a script. Each command is prefixed with `-`, so that an error
 * does not end the script, and followed by two marks: `echo` puts one on standard output, an unknown command
 * puts one on standard error. When both have come, the command is over and what came before them is its
 * output and its error. What a guest has us print cannot hold a mark: nobody can tell one beforehand.
 *
 * The appliance never outlives us: guestfish is killed with its parent (PR_SET_PDEATHSIG, by setpriv), and
 * its own recovery process then kills QEMU. A command that hangs is ended by killing the process group.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  after,
  assert,
  type Clock,
  type Logger,
  OperationError,
  systemErrorCode,
  systemRandom,
} from '@landfall/runtime';
import { type CommandWord, commandLine } from './guestfs-line.ts';

/** What ends a session from outside. */
export interface SessionLimits {
  /** The whole session is over after this long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface GuestfsOptions extends Partial<SessionLimits> {
  /** False when the host cannot run guests with KVM. */
  readonly useKvm: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Nobody waits for it: everything else on the host comes first. */
  readonly isBackground?: boolean;
}

export interface CommandOutcome {
  readonly output: string;
  /** The same, as it came. */
  readonly bytes: Buffer;
  /** The reason libguestfs gives, when the command failed. */
  readonly error: string | undefined;
}

/** Of a command that guestfish cannot be told: nothing was written. */
const REFUSED: CommandOutcome = {
  output: '',
  bytes: Buffer.alloc(0),
  error: 'it carries a NUL or is too long for guestfish',
};
const ERROR_TAIL_CHARACTERS = 1500;
const CLOSE_TIMEOUT_MS = 30_000;

interface Waiting {
  readonly mark: string;
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: Error) => void;
}

export class GuestfsSession {
  readonly #child: ChildProcess;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #cancelTimeout: () => void = () => undefined;
  readonly #exited: Promise<void>;
  readonly #secret = systemRandom.uuid();
  #stdout = '';
  /** How much of it cannot be the beginning of a mark: answers have up to 4 MiB, in small pieces. */
  #searchedTo = 0;
  #stderr = '';
  #count = 0;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;

  constructor(options: GuestfsOptions) {
    this.#logger = options.logger;
    this.#clock = options.clock;
    const priority = options.isBackground === true ? ['nice', '-n', '19'] : [];
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...priority, 'guestfish'], {
      env: { ...process.env, ...guestfsEnvironment(options.useKvm) },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#collect();
    this.#exited = new Promise((resolve) => this.#child.once('close', () => resolve()));
    this.#child.once('error', (cause) => this.#fail(toolMissing(cause)));
    this.#child.once('close', () => this.#fail(new Error('the appliance ended')));
    this.#child.stdin?.on('error', (cause) => this.#fail(cause));
    const { timeoutMs, signal } = options;
    if (timeoutMs !== undefined) this.limit({ timeoutMs, ...(signal === undefined ? {} : { signal }) });
  }

  /** From now on. */
  limit({ timeoutMs, signal }: SessionLimits): void {
    this.#cancelTimeout();
    this.#cancelTimeout = after(timeoutMs, () => this.abandon(timedOut(timeoutMs)));
    const cancel = () => this.abandon(new Error('the conversion was cancelled'));
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
  }

  /** Until `limit` is called again. */
  unlimit(): void {
    this.#cancelTimeout();
  }

  /** It takes no more commands. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Runs one command. A command that libguestfs refuses, or that cannot be told to guestfish, is an ordinary
   * answer here; see `must`.
   */
  async attempt(...words: readonly CommandWord[]): Promise<CommandOutcome> {
    assert(this.#waiting === undefined, 'one appliance command at a time');
    if (this.#failure !== undefined) throw this.#lost(words, this.#failure);
    const line = commandLine(words);
    if (line === undefined) return REFUSED;
    this.#count += 1;
    const mark = `@@end-of-${this.#count}-${this.#secret}@@`;
    const outcome = new Promise<CommandOutcome>((resolve, reject) => {
      this.#waiting = { mark, resolve, reject };
    });
    const startedNs = this.#clock.monotonicNs();
    this.#child.stdin?.write(Buffer.concat([line, Buffer.from(`echo ${mark}\n-${mark}\n`)]));
    try {
      return await outcome;
    } catch (cause) {
      throw this.#lost(words, cause);
    } finally {
      const durationMs = Number((this.#clock.monotonicNs() - startedNs) / 1_000_000n);
      this.#logger.debug('appliance-command', { words: textOf(words), durationMs });
    }
  }

  /** Runs one command that has to succeed; its output. Errors: APPLIANCE_FAILED. */
  async must(...words: readonly CommandWord[]): Promise<string> {
    const { output, error } = await this.attempt(...words);
    if (error === undefined) return output;
    throw new OperationError('APPLIANCE_FAILED', `\`${textOf(words)}\` in the appliance: ${error}`, {
      hint: 'the guest may be damaged at this recovery point: launch from another one',
    });
  }

  /** Everything written is on the disks when this resolves; the appliance is gone. */
  async finish(): Promise<void> {
    await this.must('umount-all');
    await this.must('shutdown');
    this.#child.stdin?.end();
    const cancel = after(CLOSE_TIMEOUT_MS, () => this.#kill());
    await this.#exited;
    cancel();
    this.#cancelTimeout();
  }

  /**
   * Ends an appliance of which nothing needs to last, in its own way: killed, it would leave its folders in
   * /tmp. One that has failed is killed.
   */
  async leave(): Promise<void> {
    this.#cancelTimeout();
    if (this.#failure !== undefined) return await this.abort();
    this.#child.stdin?.end();
    const cancel = after(CLOSE_TIMEOUT_MS, () => this.#kill());
    await this.#exited;
    cancel();
  }

  /** Ends the appliance, whatever it does. */
  async abort(): Promise<void> {
    this.#cancelTimeout();
    this.#kill();
    await this.#exited;
  }

  /** Kills the appliance at once; whoever waits for it, now or later, gets `error`. */
  abandon(error: Error): void {
    this.#fail(error);
    this.#kill();
  }

  #collect(): void {
    this.#child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.#stdout += text;
      this.#settle();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#settle();
    });
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const outputEnd = this.#stdout.indexOf(`${waiting.mark}\n`, this.#searchedTo);
    if (outputEnd < 0) this.#searchedTo = Math.max(0, this.#stdout.length - waiting.mark.length);
    const errorEnd = this.#stderr.indexOf(`${waiting.mark}: unknown command\n`);
    if (outputEnd < 0 || errorEnd < 0) return;
    const bytes = Buffer.from(this.#stdout.slice(0, outputEnd), 'latin1');
    const complaint = this.#stderr.slice(0, errorEnd);
    this.#stdout = '';
    this.#searchedTo = 0;
    this.#stderr = '';
    this.#waiting = undefined;
    waiting.resolve({ output: bytes.toString('utf8'), bytes, error: reasonIn(complaint) });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  #kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.#logger.debug('appliance-killed', { pid });
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if (systemErrorCode(error) !== 'ESRCH') throw error;
    }
  }

  #lost(words: readonly CommandWord[], cause: unknown): OperationError {
    if (cause instanceof OperationError) return cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const tail = this.#stderr.trim().slice(-ERROR_TAIL_CHARACTERS);
    const said = tail === '' ? '' : `; it said: ${tail}`;
    return new OperationError('APPLIANCE_FAILED', `${why} at \`${textOf(words)}\`${said}`, {
      hint: 'run `libguestfs-test-tool` on the launch host to see whether appliances start there',
      retryable: true,
      cause,
    });
  }
}

/**
 * The environment every libguestfs tool gets: no libvirt between, and no KVM where the probe found it
 * unusable.
 */
export function guestfsEnvironment(useKvm: boolean): Record<string, string> {
  const backend = { LIBGUESTFS_BACKEND: 'direct', LIBGUESTFS_BACKEND_SETTINGS: '' };
  return useKvm ? backend : { ...backend, LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' };
}

function textOf(words: readonly CommandWord[]): string {
  return words.map(String).join(' ').slice(0, 200);
}

function reasonIn(complaint: string): string | undefined {
  const text = complaint.trim();
  const marker = text.indexOf('libguestfs: error: ');
  if (marker >= 0) return text.slice(marker + 'libguestfs: error: '.length).slice(-ERROR_TAIL_CHARACTERS);
  return /unknown command|should have|wrong number/.test(text)
    ? text.slice(-ERROR_TAIL_CHARACTERS)
    : undefined;
}

function timedOut(timeoutMs: number): OperationError {
  return new OperationError(
    'APPLIANCE_FAILED',
    `the conversion appliance did not end within ${timeoutMs} ms`,
    {
      hint: 'look at the load, the free memory and the free disk space of the launch host, then launch again',
      retryable: true,
    },
  );
}

function toolMissing(cause: Error): OperationError {
  return new OperationError('TOOL_MISSING', `cannot start guestfish: ${cause.message}`, {
    hint: 'install the package libguestfs-tools',
    cause,
  });
}
