/**
 * `landfall simulate`: runs the whole of replication in a simulated world, seed after seed, with everything
 * going wrong that can (packages/simulation). The seeds are shared out to one process for each processor.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OperationError, systemClock } from '@landfall/runtime';
import type { Command } from 'commander';
import { type Output, showFacts } from '../../terminal/output.ts';
import { Progress } from '../../terminal/progress.ts';
import { outputOf } from '../context.ts';
import { wholeNumber } from '../options.ts';

const PROGRAM = join(import.meta.dirname, '../../../../../packages/simulation/src/main.ts');
const VIOLATIONS_MAX = 10;
/** Newest lines of the log shown with a violation. */
const LINES_SHOWN = 25;

interface SimulateOptions {
  readonly seeds: number;
  readonly from: number;
  readonly steps: number;
  readonly jobs: number;
}

/** One line of the simulation's output. */
interface SeedResult {
  readonly seed: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly logHash: string;
  readonly violation?: {
    readonly step: number;
    readonly explanation: string;
    readonly lines: readonly string[];
  };
}

interface Totals {
  seeds: number;
  readonly counts: Map<string, number>;
  readonly violations: SeedResult[];
}

export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('prove replication in a simulated world where everything goes wrong, seed after seed')
    .option('--seeds <count>', 'how many', wholeNumber, 200)
    .option('--from <seed>', 'the first', wholeNumber, 1)
    .option('--steps <count>', 'how long each world misbehaves', wholeNumber, 40)
    .option('--jobs <count>', 'processes side by side', wholeNumber, availableParallelism())
    .action(async (options: SimulateOptions, command: Command) => {
      const output = outputOf(command);
      const beganNs = systemClock.monotonicNs();
      const totals = await runSeeds(options, output);
      const durationMs = Number(systemClock.monotonicNs() - beganNs) / 1e6;
      report(totals, { ...options, durationMs }, output);
      if (totals.violations.length > 0) throw violated(totals.violations);
    });
}

async function runSeeds(options: SimulateOptions, output: Output): Promise<Totals> {
  const totals: Totals = { seeds: 0, counts: new Map(), violations: [] };
  const progress = new Progress(output, () => systemClock.nowMs());
  const beganMs = systemClock.nowMs();
  const jobs = Math.max(1, Math.min(options.jobs, options.seeds));
  const children: ChildProcess[] = [];
  const onResult = (result: SeedResult) => {
    add(totals, result);
    if (result.violation !== undefined) {
      progress.end();
      output.err(describe(result, options.steps));
    }
    if (totals.violations.length >= VIOLATIONS_MAX) for (const child of children) child.kill();
    showProgress(progress, totals, { seeds: options.seeds, elapsedMs: systemClock.nowMs() - beganMs });
  };
  const running = Array.from({ length: jobs }, (_, job) =>
    runJob(options, { job, jobs }, children, onResult),
  );
  const outcomes = await Promise.allSettled(running);
  progress.end();
  const stoppedEarly = totals.violations.length >= VIOLATIONS_MAX;
  for (const outcome of outcomes) if (outcome.status === 'rejected' && !stoppedEarly) throw outcome.reason;
  return totals;
}

function runJob(
  options: SimulateOptions,
  share: { readonly job: number; readonly jobs: number },
  children: ChildProcess[],
  onResult: (result: SeedResult) => void,
): Promise<void> {
  const numbers = {
    from: options.from + share.job,
    to: options.from + options.seeds - 1,
    stride: share.jobs,
    steps: options.steps,
  };
  const parameters = Object.entries(numbers).map(([name, value]) => `--${name}=${value}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => onResult(JSON.parse(line) as SeedResult));
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      if (exitCode === 0) resolve();
      else reject(ended(exitCode ?? signal));
    });
  });
}

function add(totals: Totals, result: SeedResult): void {
  totals.seeds += 1;
  for (const [what, count] of Object.entries(result.counts)) {
    totals.counts.set(what, (totals.counts.get(what) ?? 0) + count);
  }
  if (result.violation !== undefined) totals.violations.push(result);
}

function showProgress(
  progress: Progress,
  totals: Totals,
  { seeds, elapsedMs }: { readonly seeds: number; readonly elapsedMs: number },
): void {
  const etaMs = (elapsedMs / totals.seeds) * (seeds - totals.seeds);
  const count = (what: string) => totals.counts.get(what) ?? 0;
  const detail = `${totals.seeds} of ${seeds} seeds, ${count('epoch')} epochs, ${count('pointChecked')} recovery points checked, ${faultsOf(totals)} faults, ${totals.violations.length} violations`;
  progress.show({ label: 'simulating', fraction: totals.seeds / seeds, etaMs, detail });
}

function report(
  totals: Totals,
  run: SimulateOptions & { readonly durationMs: number },
  output: Output,
): void {
  const counts = Object.fromEntries([...totals.counts].sort(([left], [right]) => left.localeCompare(right)));
  const seeds = `${run.from}..${run.from + run.seeds - 1}`;
  const violations = totals.violations.map(({ seed, violation }) => {
    return {
      seed,
      step: violation?.step,
      explanation: violation?.explanation,
      replay: replay(seed, run.steps),
    };
  });
  const { durationMs, steps } = run;
  const value = { from: run.from, seeds: totals.seeds, steps, durationMs, counts, violations };
  const facts = [
    ['seeds', `${totals.seeds} (${seeds})`],
    ['faults', faultsOf(totals)],
    ...Object.entries(counts),
    ['violations', violations.length],
  ] as const;
  showFacts(output, value, facts);
}

function faultsOf({ counts }: Totals): number {
  return [...counts].reduce((sum, [what, count]) => (what.startsWith('fault:') ? sum + count : sum), 0);
}

function describe({ seed, violation }: SeedResult, steps: number): string {
  const lines = violation?.lines.slice(-LINES_SHOWN).map((line) => `    ${line}\n`) ?? [];
  const head = `VIOLATION with seed ${seed} at step ${violation?.step}: ${violation?.explanation}\n`;
  return `${head}${lines.join('')}  replay: ${replay(seed, steps)}\n`;
}

function replay(seed: number, steps: number): string {
  return `./landfall simulate --from ${seed} --seeds 1 --steps ${steps}`;
}

function violated(violations: readonly SeedResult[]): OperationError {
  const seeds = violations.map(({ seed }) => seed).join(', ');
  return new OperationError('SIMULATION_VIOLATED', `the simulation found a fault with seed ${seeds}`, {
    hint: 'the lines above explain it and name the command that replays it',
  });
}

function ended(how: number | string | null): OperationError {
  return new OperationError('TESTS_FAILED', `a process of the simulation ended with ${how}`, {
    hint: 'its last words are above',
  });
}
