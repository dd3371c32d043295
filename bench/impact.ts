/**
 * What the workload of a source server loses to the agent: fio's random writes with the agent replicating
 * them, and without an agent, in turns. The replication server stands for another machine: it yields the
 * processor (nice 19) and keeps its journal in memory. The agent has to keep up, or the run does not count.
 * Of each side the best run is taken.
 */
import { GIB, MIB, OperationError } from '../packages/runtime/src/index.ts';
import { type Bench, type BenchOptions, runBenchmark } from './bed/benchmark.ts';
import { type FioJob, type FioResult, writeRandomly } from './bed/fio.ts';
import { Replication } from './bed/replication.ts';
import { atLeast, type Row } from './bed/rows.ts';
import { attachRandom } from './bed/source-disks.ts';

const SIZE_GIB_DEFAULT = 0.5;
const QUICK_BYTES = 128 * MIB;
const PAIRS = 3;
const SYNC_TIMEOUT_MS = 10 * 60_000;
const CAUGHT_UP_TIMEOUT_MS = 120_000;
const GOAL = 0.95;

interface Workload {
  readonly name: string;
  readonly what: string;
  readonly queueDepth: number;
  readonly writesPerSecond?: number;
}

const WORKLOADS: readonly Workload[] = [
  { name: 'depth-1', what: '4 KiB writes, queue depth 1, as fast as they go', queueDepth: 1 },
  { name: 'fixed-rate', what: '5,000 4 KiB writes/s, queue depth 32', queueDepth: 32, writesPerSecond: 5000 },
];

await runBenchmark({
  name: 'impact',
  bytesNeeded: (options) => sizeOf(options) + GIB,
  measure: measureImpact,
});

function sizeOf({ quick, sizeGib = SIZE_GIB_DEFAULT }: BenchOptions): number {
  return quick ? QUICK_BYTES : sizeGib * GIB;
}

async function measureImpact(bench: Bench): Promise<readonly Row[]> {
  const device = await attachRandom(bench.folder, 'impact', sizeOf(bench.options));
  const rows: Row[] = [];
  for (const workload of WORKLOADS) {
    const replication = await Replication.create(bench, { devices: [device], serverElsewhere: true });
    rows.push(...(await measureWorkload(bench, replication, device, workload)));
    await replication.close();
  }
  return rows;
}

async function measureWorkload(
  bench: Bench,
  replication: Replication,
  device: string,
  workload: Workload,
): Promise<readonly Row[]> {
  const seconds = bench.options.quick ? 3 : 10;
  const job: FioJob = { ...workload, device, blockBytes: 4096, seconds };
  const withAgent: FioResult[] = [];
  const without: FioResult[] = [];
  const pairs = bench.options.quick ? 1 : PAIRS;
  for (let pair = 1; pair <= pairs; pair += 1) {
    without.push(await writeRandomly(bench.folder, job));
    withAgent.push(await writeReplicated(bench, replication, job));
    tell(bench, workload, without.at(-1), withAgent.at(-1));
  }
  const best = { withAgent: bestOf(withAgent), without: bestOf(without) };
  return [
    atLeast(GOAL, {
      what: `${workload.what}: rate with the agent / without`,
      measured: best.withAgent.writesPerSecond / best.without.writesPerSecond,
      unit: '×',
    }),
    atLeast(GOAL, {
      what: `${workload.what}: latency p99 without the agent / with`,
      measured: best.without.latencyP99Us / best.withAgent.latencyP99Us,
      unit: '×',
    }),
  ];
}

async function writeReplicated(bench: Bench, replication: Replication, job: FioJob): Promise<FioResult> {
  replication.startAgent();
  await replication.untilContinuous(SYNC_TIMEOUT_MS);
  // The page cache, the journal and the compiler of the agent are warm for the load, as after an hour.
  await writeRandomly(bench.folder, { ...job, name: `${job.name}-warm-up`, seconds: 2 });
  const before = await replication.takeRecoveryPoint(CAUGHT_UP_TIMEOUT_MS);
  const result = await writeRandomly(bench.folder, job);
  await replication.untilContinuous(CAUGHT_UP_TIMEOUT_MS);
  const after = await replication.takeRecoveryPoint(CAUGHT_UP_TIMEOUT_MS);
  if (after.epoch <= before.epoch + 1)
    throw new OperationError('BENCHMARK_FAILED', 'the agent replicated nothing while the load ran');
  await replication.stopAgent();
  return result;
}

function bestOf(results: readonly FioResult[]): FioResult {
  return {
    writesPerSecond: Math.max(...results.map((result) => result.writesPerSecond)),
    latencyP99Us: Math.min(...results.map((result) => result.latencyP99Us)),
  };
}

function tell(bench: Bench, { name }: Workload, ...results: readonly (FioResult | undefined)[]): void {
  const [without, withAgent] = results.map((result) => {
    const { writesPerSecond = 0, latencyP99Us = 0 } = result ?? {};
    return `${writesPerSecond.toFixed(0)} writes/s, p99 ${latencyP99Us.toFixed(0)} µs`;
  });
  bench.say(`${name}: without the agent ${without}; with it ${withAgent}`);
}
