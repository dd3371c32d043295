/**
 * The highest rate of random writes replication keeps up with, the load on the same processors. fio holds a
 * rate for some seconds; the rate is held when fio reached it and every cut came in time. Rates go up until
 * one is not held, or down until one is; each may be tried twice, for the machine is noisy.
 */
import { GIB, MIB, run, systemClock } from '../packages/runtime/src/index.ts';
import { type Bench, type BenchOptions, runBenchmark } from './bed/benchmark.ts';
import { watchCuts } from './bed/cut-watch.ts';
import { writeRandomly } from './bed/fio.ts';
import { Replication } from './bed/replication.ts';
import { atLeast, type Row } from './bed/rows.ts';
import { attachRandom } from './bed/source-disks.ts';

const SIZE_GIB_DEFAULT = 1;
const QUICK_BYTES = 128 * MIB;
const SYNC_TIMEOUT_MS = 10 * 60_000;
const HELD_LAG_MS_MAX = 1000;
const HELD_GAP_MS_MAX = 1000;
/** fio's own pacing is this exact. */
const REACHED_SHARE = 0.98;
const TRIES_MAX = 2;
const QUEUE_DEPTH = 32;

interface Load {
  readonly name: string;
  readonly what: string;
  readonly blockBytes: number;
  readonly unit: string;
  /** Rates in that unit; the search begins at the goal. */
  readonly goal: number;
  readonly rates: readonly number[];
  writesPerSecond(rate: number): number;
}

const SMALL: Load = {
  name: 'small',
  what: 'random 4 KiB writes held, lag p99 and gap between cuts below 1 s',
  blockBytes: 4096,
  unit: 'writes/s',
  goal: 10_000,
  rates: [500, 1000, 2000, 4000, 6000, 8000, 10_000, 12_500, 15_000, 20_000, 25_000, 30_000, 40_000],
  writesPerSecond: (rate) => rate,
};

const LARGE: Load = {
  name: 'large',
  what: 'random 64 KiB writes held, lag p99 and gap between cuts below 1 s',
  blockBytes: 65_536,
  unit: 'MB/s',
  goal: 150,
  rates: [10, 25, 50, 75, 100, 125, 150, 200, 250, 300, 400],
  writesPerSecond: (rate) => Math.round((rate * 1e6) / 65_536),
};

await runBenchmark({
  name: 'churn',
  // The disk and its base, and what every step at full speed adds to the journal.
  bytesNeeded: ({ quick, ...options }) => 2 * sizeOf({ quick, ...options }) + (quick ? GIB : 30 * GIB),
  measure: async (bench) => [await measureLoad(bench, SMALL), await measureLoad(bench, LARGE)],
});

function sizeOf({ quick, sizeGib = SIZE_GIB_DEFAULT }: BenchOptions): number {
  return quick ? QUICK_BYTES : sizeGib * GIB;
}

async function measureLoad(bench: Bench, load: Load): Promise<Row> {
  const device = await attachRandom(bench.folder, `churn-${load.name}`, sizeOf(bench.options));
  const replication = await Replication.create(bench, { devices: [device] });
  replication.startAgent();
  await replication.untilFirstPoint(SYNC_TIMEOUT_MS);
  await replication.untilContinuous(SYNC_TIMEOUT_MS);
  const measured = await searchHighest(bench, load, (rate) =>
    isHeld(bench, { replication, device, load, rate }),
  );
  await replication.close();
  await run(['losetup', '--detach', device]);
  return atLeast(load.goal, { what: load.what, measured, unit: load.unit });
}

/** 0 when not even the lowest rate is held. */
async function searchHighest(
  bench: Bench,
  load: Load,
  held: (rate: number) => Promise<boolean>,
): Promise<number> {
  if (bench.options.quick) return (await held(load.rates[0] ?? 0)) ? (load.rates[0] ?? 0) : 0;
  const start = load.rates.indexOf(load.goal);
  if (!(await held(load.goal))) {
    for (const rate of load.rates.slice(0, start).reverse()) if (await held(rate)) return rate;
    return 0;
  }
  let highest = load.goal;
  for (const rate of load.rates.slice(start + 1)) {
    if (!(await held(rate))) break;
    highest = rate;
  }
  return highest;
}

interface Step {
  readonly replication: Replication;
  readonly device: string;
  readonly load: Load;
  readonly rate: number;
}

async function isHeld(bench: Bench, step: Step): Promise<boolean> {
  const tries = bench.options.quick ? 1 : TRIES_MAX;
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    if (await isHeldOnce(bench, step)) return true;
  }
  return false;
}

async function isHeldOnce(bench: Bench, { replication, device, load, rate }: Step): Promise<boolean> {
  const seconds = bench.options.quick ? 4 : 12;
  const writesPerSecond = load.writesPerSecond(rate);
  const { blockBytes } = load;
  const job = { name: load.name, device, blockBytes, queueDepth: QUEUE_DEPTH, writesPerSecond, seconds };
  const [fio, cuts] = await Promise.all([
    writeRandomly(bench.folder, job),
    watchCuts(replication, seconds * 1000),
  ]);
  const reached = fio.writesPerSecond >= REACHED_SHARE * writesPerSecond;
  const held = reached && cuts.lagP99Ms < HELD_LAG_MS_MAX && cuts.gapMaxMs <= HELD_GAP_MS_MAX;
  bench.say(
    `${rate} ${load.unit}: ${held ? 'held' : 'not held'}; reached ${fio.writesPerSecond.toFixed(0)} writes/s, ` +
      `lag p99 ${cuts.lagP99Ms.toFixed(0)} ms, gap ${cuts.gapMaxMs.toFixed(0)} ms, ${cuts.cutCount} cuts`,
  );
  await untilCaughtUp(replication);
  bench.say(await replication.describeCpu());
  return held;
}

/** The next step begins with nothing left of this one. */
async function untilCaughtUp(replication: Replication): Promise<void> {
  await replication.untilContinuous(SYNC_TIMEOUT_MS);
  await replication.takeRecoveryPoint(SYNC_TIMEOUT_MS);
  await systemClock.sleep(500);
}
