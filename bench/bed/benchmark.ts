/**
 * The frame of every benchmark: options, folder, clean-up, and the result as a table or as one JSON object.
 * Exit codes: 0 every goal met, 3 a goal missed, 1 it could not be measured, 2 wrong usage.
 */
import { statfsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from '../../apps/cli/src/setup/cache-folder.ts';
import {
  describeError,
  formatDurationMs,
  OperationError,
  systemClock,
  terminationRequest,
} from '../../packages/runtime/src/index.ts';
import { checkRoom, createBenchFolder, removeBenchFolder } from './bench-folder.ts';
import { describeMachine } from './machine.ts';
import { allMet, formatRows, type Row } from './rows.ts';

export interface Bench {
  /** Everything the benchmark makes lies in here, and everything it starts names it. */
  readonly folder: string;
  readonly options: BenchOptions;
  /** Progress, on standard error. */
  say(line: string): void;
}

export interface BenchOptions {
  readonly json: boolean;
  /** Seconds instead of minutes: shows that the benchmark works, its numbers mean nothing. */
  readonly quick: boolean;
  readonly sizeGib: number | undefined;
  /** Where the programs under test leave CPU profiles. */
  readonly profileFolder: string | undefined;
}

export interface Benchmark {
  readonly name: string;
  /** Room needed in the cache folder, at most. */
  bytesNeeded(options: BenchOptions): number;
  measure(bench: Bench): Promise<readonly Row[]>;
}

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_MISSED = 3;
const EXIT_INTERRUPTED = 130;

/** From then on the end of standard input, which we bring about ourselves, asks for nothing. */
let finished = false;

export async function runBenchmark(benchmark: Benchmark): Promise<void> {
  process.exitCode = await exitCodeOf(benchmark);
  finished = true;
  // Whatever still listens must not keep a finished benchmark alive.
  process.stdin.destroy();
  // Nor may what one that failed had started: its programs are ended, their channels still listen.
  if (process.exitCode === EXIT_FAILED) process.exit();
}

async function exitCodeOf(benchmark: Benchmark): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    return allMet(await runInFolder(benchmark, options)) ? 0 : EXIT_MISSED;
  } catch (error) {
    process.stderr.write(`bench ${benchmark.name}: ${describeError(error)}\n`);
    return error instanceof OperationError && error.code === 'OPTION_INVALID' ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function runInFolder(benchmark: Benchmark, options: BenchOptions): Promise<readonly Row[]> {
  const machine = describeMachine();
  const cache = cacheFolder();
  const folder = await createBenchFolder(cache);
  endWhenAsked(folder);
  try {
    const { bavail, bsize } = statfsSync(cache);
    checkRoom(bavail * bsize, benchmark.bytesNeeded(options), cache);
    // Temporary files of everything started from here lie in the folder as well.
    process.env.TMPDIR = join(folder, 'tmp');
    await mkdir(process.env.TMPDIR);
    const say = sayWithTime();
    const rows = await benchmark.measure({ folder, options, say });
    const result = { name: benchmark.name, machine, rows };
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : formatRows(rows));
    return rows;
  } finally {
    await removeBenchFolder(folder);
  }
}

/** SIGTERM, SIGINT, the end of the CLI that started this, and nobody left to read leave nothing behind. */
function endWhenAsked(folder: string): void {
  let ending = false;
  const end = () => {
    if (finished || ending) return;
    ending = true;
    const exit = () => process.exit(EXIT_INTERRUPTED);
    removeBenchFolder(folder).then(exit, exit);
  };
  void terminationRequest().then(end);
  // A terminal signals the whole group, and the CLI ends us too: a second word must not cut the clean-up
  // short.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', end);
}

function sayWithTime(): (line: string) => void {
  const startMs = systemClock.nowMs();
  return (line) => {
    const sinceMs = systemClock.nowMs() - startMs;
    process.stderr.write(`${formatDurationMs(sinceMs).padStart(12)}  ${line}\n`);
  };
}

function parseOptions(parameters: readonly string[]): BenchOptions {
  try {
    const { values } = parseArgs({
      args: [...parameters],
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        'size-gib': { type: 'string' },
        profile: { type: 'string' },
      },
    });
    const { json, quick, profile } = values;
    return { json, quick, sizeGib: parseSize(values['size-gib']), profileFolder: profile };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new OperationError('OPTION_INVALID', message, { hint: 'see `landfall bench --help`', cause });
  }
}

function parseSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = Number(text);
  if (size >= 0.125 && size <= 1024) return size;
  throw new OperationError('OPTION_INVALID', `${text} GiB is no size for the benchmark's disk`);
}
