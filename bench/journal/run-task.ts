/** Tasks as processes of their own: their memory and their processor time are nobody else's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OperationError, runChecked, systemClock } from '../../packages/runtime/src/index.ts';
import type { Bench } from '../bed/benchmark.ts';
import type { WindowParameters, WindowProgress } from './window-task.ts';
import type { Tasks } from './worker.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');
const TIMEOUT_MS = 30 * 60_000;

/** Runs a task to its end; resolves to what it found. */
export async function runTask<Name extends Exclude<keyof Tasks, 'writeWindow'>>(
  bench: Bench,
  name: Name,
  path: string,
  parameters: object = {},
): Promise<Awaited<ReturnType<Tasks[Name]>>> {
  const argv = [...nodeArgv(bench, name), name, path, JSON.stringify(parameters)];
  const { stdout } = await runChecked(argv, { timeoutMs: TIMEOUT_MS });
  return JSON.parse(stdout) as Awaited<ReturnType<Tasks[Name]>>;
}

/** Writes a window until it has so many bytes, and kills whoever writes it; resolves to its last word. */
export async function writeAndKill(
  bench: Bench,
  folder: string,
  { windowBytes, ...parameters }: WindowParameters & { readonly windowBytes: number },
): Promise<WindowProgress> {
  const argv = [...nodeArgv(bench, 'writeWindow'), 'writeWindow', folder, JSON.stringify(parameters)];
  const [command = '', ...rest] = argv;
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const last = await progressUntil(child, windowBytes);
  child.kill('SIGKILL');
  await ended;
  if (last.bytes >= windowBytes) return last;
  throw new OperationError('BENCHMARK_FAILED', `the window was not written: ${JSON.stringify(last)}`);
}

async function progressUntil(child: ChildProcess, windowBytes: number): Promise<WindowProgress> {
  let last: WindowProgress = { bytes: 0, durableEpoch: 0 };
  if (child.stdout === null) return last;
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line) as WindowProgress;
    if (last.bytes >= windowBytes) break;
  }
  return last;
}

/** What is durable of a file, or of all files of a folder, is not in memory any more. */
export async function forgetCached(path: string): Promise<void> {
  const isFolder = (await stat(path)).isDirectory();
  for (const name of isFolder ? await readdir(path) : []) await forgetCached(join(path, name));
  // As dd's manual has it: advises the kernel to drop the cache for the whole file.
  if (!isFolder) await runChecked(['dd', `if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
}

function nodeArgv({ options }: Bench, name: string): readonly string[] {
  const { profileFolder } = options;
  const profile =
    profileFolder === undefined
      ? []
      : [
          '--cpu-prof',
          `--cpu-prof-dir=${profileFolder}`,
          `--cpu-prof-name=${name}-${systemClock.nowMs()}.cpuprofile`,
        ];
  return [process.execPath, '--disable-warning=ExperimentalWarning', ...profile, WORKER];
}
