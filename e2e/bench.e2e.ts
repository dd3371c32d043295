/**
 * Each benchmark runs to its end in its quick form and prints one JSON object of the promised shape. What it
 * measures in seconds on a machine of any speed is not judged here.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cacheFolder } from '../apps/cli/src/setup/cache-folder.ts';
import { type RunResult, run, systemClock } from '../packages/runtime/src/index.ts';
import { agentIdsIn } from './trace-instances.ts';

const LAUNCHER = join(import.meta.dirname, '../landfall');
const TIMEOUT_MS = 5 * 60_000;
const TRACE_INSTANCES = '/sys/kernel/tracing/instances';
const BEGUN_POLL_MS = 50;
const EXIT_MISSED = 3;
const ROWS = {
  sync: 2,
  churn: 2,
  lag: 3,
  impact: 4,
  agent: 2,
  rescan: 3,
  journal: 15,
  encryption: 2,
  api: 14,
} as const;

interface Result {
  readonly name: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly rows: readonly {
    readonly what: string;
    readonly goal: number;
    readonly bound: 'min' | 'max';
    readonly measured: number;
    readonly unit: string;
    readonly met: boolean;
    readonly required: boolean;
  }[];
}

/**
 * The benchmarks' own folder: others may run beside this story. What a killed story left is cleared in it.
 */
const cache = join(cacheFolder(), 'bench-story');

before(async () => {
  await mkdir(cache, { recursive: true });
});

after(() => rm(cache, { recursive: true, force: true }));

test('a benchmark killed with all it started is cleared away by the next one', async () => {
  const env = { LANDFALL_CACHE_DIR: cache };
  const kill = new AbortController();
  const ended = run([LAUNCHER, 'bench', 'rescan', '--size-gib', '1'], {
    env,
    timeoutMs: TIMEOUT_MS,
    signal: kill.signal,
  });
  await untilTraced(ended);
  kill.abort();
  assert.equal((await ended).killedBy, 'SIGKILL');
  const next = await run([LAUNCHER, 'bench', 'rescan', '--size-gib', '1024'], { env, timeoutMs: TIMEOUT_MS });
  assert.match(next.stderr, /BENCHMARK_ROOM_MISSING/);
  await assertNothingLeft();
});

for (const [name, rowCount] of Object.entries(ROWS)) {
  test(`landfall bench ${name} measures what it promises, and leaves nothing behind`, async () => {
    const env = { LANDFALL_CACHE_DIR: cache };
    const argv = [LAUNCHER, 'bench', name, '--quick', '--json'];
    const bench = await run(argv, { env, timeoutMs: TIMEOUT_MS });
    assert.ok(bench.exitCode === 0 || bench.exitCode === EXIT_MISSED, bench.stderr.slice(-3000));
    const result = JSON.parse(bench.stdout) as Result;
    assert.equal(result.name, name);
    assert.equal(result.rows.length, rowCount);
    for (const row of result.rows) assertRow(row);
    const missed = result.rows.some((row) => row.required && !row.met);
    assert.equal(bench.exitCode, missed ? EXIT_MISSED : 0);
    for (const fact of ['cpuModel', 'cores', 'memoryBytes', 'kernel', 'nodeVersion'])
      assert.ok(result.machine[fact], `the machine has no ${fact}`);
    await assertNothingLeft();
  });
}

test('a benchmark that does not exist is wrong usage', async () => {
  const bench = await run([LAUNCHER, 'bench', 'everything']);
  assert.equal(bench.exitCode, 2);
  assert.match(bench.stderr, /sync, churn, lag, impact, agent, rescan, journal, encryption, api/);
});

function assertRow(row: Result['rows'][number]): void {
  const { what, goal, bound, measured, unit, met } = row;
  assert.ok(what.length > 0 && unit.length > 0, JSON.stringify(row));
  // What something costs may be nothing, or less by chance.
  assert.ok(Number.isFinite(measured), `${what}: ${measured}`);
  // Near the goal the verdict is of the exact number, which is not shown.
  if (Math.abs(measured - goal) > 0.01 * goal)
    assert.equal(met, bound === 'min' ? measured > goal : measured < goal);
}

/** However fast the machine is: its agent tracks a disk of full size, and most of it is to come. */
async function untilTraced(ended: Promise<RunResult>): Promise<void> {
  let result: RunResult | undefined;
  void ended.then((value) => {
    result = value;
  });
  while (!(await isTraced())) {
    assert.equal(result, undefined, `the benchmark ended before it tracked a disk: ${result?.stderr}`);
    await systemClock.sleep(BEGUN_POLL_MS);
  }
}

async function isTraced(): Promise<boolean> {
  const instances = await readdir(TRACE_INSTANCES);
  return (await agentIdsIn(cache)).some((id) => instances.some((name) => name.includes(id)));
}

async function assertNothingLeft(): Promise<void> {
  // The agent's executable is kept, as in any cache folder.
  assert.deepEqual(
    (await readdir(cache)).filter((name) => name !== 'agent'),
    [],
  );
  const loops = await run(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE']);
  assert.ok(!loops.stdout.includes(cache), loops.stdout);
}
