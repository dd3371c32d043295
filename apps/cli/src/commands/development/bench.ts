/**
 * `landfall bench`: measures this version on this machine beside what one would use otherwise. A benchmark
 * is a file of the folder bench/ and runs as a process of its own; it ends when this one does.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OperationError, SUPERVISED_VARIABLE } from '@landfall/runtime';
import { Argument, type Command } from 'commander';
import { EXIT_FOUND_BAD } from '../../exit-codes.ts';
import { BENCH_PACKAGES, ensureDebianPackages, RTO_PACKAGES } from '../../setup/debian-packages.ts';
import { outputOf } from '../context.ts';

const BENCHMARKS = [
  'sync',
  'churn',
  'lag',
  'impact',
  'agent',
  'rescan',
  'journal',
  'encryption',
  'api',
  'tripwire',
  'rto',
] as const;
const FOLDER = join(import.meta.dirname, '../../../../../bench');

interface BenchCommandOptions {
  readonly quick?: boolean;
  readonly sizeGib?: string;
  readonly profile?: string;
}

export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description(
      'measure first sync, write rate, lag, impact, rescan, the journal, encryption, the API with thousands of servers, the ransomware tripwire or launches on this machine; exit code 3: a goal missed',
    )
    .addArgument(new Argument('<name>', 'what to measure').choices(BENCHMARKS))
    .option('--size-gib <number>', 'size of the disk that is replicated')
    .option('--quick', 'seconds instead of minutes: that it works, not how well')
    .option('--profile <folder>', 'leave CPU profiles of the programs under test there')
    .action(benchCommand);
}

async function benchCommand(name: string, options: BenchCommandOptions, command: Command): Promise<void> {
  const output = outputOf(command);
  if (process.getuid?.() !== 0)
    throw new OperationError('NOT_ROOT', 'landfall bench needs root', { hint: 'run it with sudo' });
  await ensureDebianPackages(name === 'rto' ? RTO_PACKAGES : BENCH_PACKAGES, (line) =>
    output.err(`${line}\n`),
  );
  const profile = options.profile === undefined ? undefined : resolve(options.profile);
  if (profile !== undefined) await mkdir(profile, { recursive: true });
  const exitCode = await runToEnd(name, [
    ...(output.json ? ['--json'] : []),
    ...(options.quick === true ? ['--quick'] : []),
    ...(options.sizeGib === undefined ? [] : ['--size-gib', options.sizeGib]),
    ...(profile === undefined ? [] : ['--profile', profile]),
  ]);
  // Its own lines have said why.
  process.exitCode = exitCode;
  if (exitCode !== 0 && exitCode !== EXIT_FOUND_BAD && !output.json)
    output.err(`bench ${name} was not measured\n`);
}

/** Its standard input stays open as long as this process lives. */
function runToEnd(name: string, parameters: readonly string[]): Promise<number> {
  const argv = ['--disable-warning=ExperimentalWarning', join(FOLDER, `${name}.ts`), ...parameters];
  const env = { ...process.env, [SUPERVISED_VARIABLE]: '1' };
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, argv, { env, stdio: ['pipe', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (exitCode) => done(exitCode ?? 1));
    // It cleans up when its standard input ends, and we wait for that.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.stdin.end());
  });
}
