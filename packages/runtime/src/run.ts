/** External tools: one `run()`, argument arrays, never a shell; results and failures as named facts. */
import { spawn } from 'node:child_process';
import { OperationError } from './operation-error.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Text or bytes for standard input; without it standard input is closed. */
  readonly input?: string | Buffer;
  /** The process (and its group) is killed after this long. Default 60,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Output beyond this is dropped from the front. Default 4 MiB. */
  readonly outputBytesMax?: number;
  /** Called with every chunk of standard output and error as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface RunResult {
  readonly argv: readonly string[];
  readonly exitCode: number | null;
  readonly killedBy: string | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

const TIMEOUT_MS_DEFAULT = 60_000;
const OUTPUT_BYTES_MAX_DEFAULT = 4 * 1024 * 1024;

/** Runs a tool to its end and reports what happened; throws only `TOOL_MISSING` when it cannot be started. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [command, ...parameters] = argv;
  if (command === undefined) throw new OperationError('TOOL_MISSING', 'no command given');
  const startedNs = process.hrtime.bigint();
  return new Promise((resolve, reject) => {
    const env = options.env === undefined ? process.env : { ...process.env, ...options.env };
    const child = spawn(command, parameters, {
      cwd: options.cwd,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let timedOut = false;
    const kill = () => killGroup(child.pid);
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, options.timeoutMs ?? TIMEOUT_MS_DEFAULT);
    options.signal?.addEventListener('abort', kill, { once: true });
    const stdout = collect(child.stdout, options);
    const stderr = collect(child.stderr, options);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    const settle = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
    };
    child.on('error', (cause) => {
      settle();
      const hint = `install the package that has ${command}; \`landfall test\` and \`landfall demo\` install what they need`;
      reject(
        new OperationError('TOOL_MISSING', `cannot start ${command}: ${cause.message}`, { hint, cause }),
      );
    });
    child.on('close', (exitCode, killedBy) => {
      settle();
      const durationMs = Number((process.hrtime.bigint() - startedNs) / 1_000_000n);
      resolve({ argv, exitCode, killedBy, timedOut, stdout: stdout(), stderr: stderr(), durationMs });
    });
  });
}

/** Like `run`, but anything except exit code 0 is thrown as `TOOL_FAILED` with the end of its output. */
export async function runChecked(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await run(argv, options);
  if (result.exitCode === 0) return result;
  const tail = (result.stderr.trim() || result.stdout.trim()).slice(-2000);
  const how = result.timedOut
    ? `did not end within ${options.timeoutMs ?? TIMEOUT_MS_DEFAULT} ms`
    : `exited with ${result.exitCode ?? result.killedBy}`;
  throw new OperationError('TOOL_FAILED', `${argv[0]} ${how}: ${tail}`, {
    context: { command: argv.join(' ').slice(0, 500) },
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has already ended, which is what was wanted.
  }
}

function collect(stream: NodeJS.ReadableStream, options: RunOptions): () => string {
  const bytesMax = options.outputBytesMax ?? OUTPUT_BYTES_MAX_DEFAULT;
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    options.onOutput?.(chunk);
    text += chunk;
    if (text.length > bytesMax) text = text.slice(-bytesMax);
  });
  return () => text;
}
