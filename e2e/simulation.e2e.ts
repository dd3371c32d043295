/**
 * Two thousand seeds of the simulation, through the command by which users and developers run more:
 * replication in one process on virtual time with everything going wrong, and every recovery point checked.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { run } from '../packages/runtime/src/index.ts';

const LAUNCHER = join(import.meta.dirname, '../landfall');
const SEEDS = Number(process.env.LANDFALL_SIMULATION_SEEDS ?? 2000);
const SEED_FROM = Number(process.env.LANDFALL_SIMULATION_SEED_FROM ?? 1);
const LIMIT_MS = 60 * 60_000;

interface Simulated {
  readonly seeds: number;
  readonly durationMs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly unknown[];
}

test(`${SEEDS} simulated servers, from seed ${SEED_FROM}: no recovery point is ever wrong`, async (context) => {
  const parameters = ['--json', 'simulate', '--seeds', String(SEEDS), '--from', String(SEED_FROM)];
  const { exitCode, stdout, stderr } = await run([LAUNCHER, ...parameters], { timeoutMs: LIMIT_MS });
  assert.equal(exitCode, 0, stderr);
  const simulated = JSON.parse(stdout) as Simulated;
  context.diagnostic(
    `seeds ${SEED_FROM}..${SEED_FROM + SEEDS - 1} in ${Math.round(simulated.durationMs)} ms`,
  );
  context.diagnostic(JSON.stringify(simulated.counts));
  assert.equal(simulated.seeds, SEEDS);
  assert.deepEqual(simulated.violations, []);
  const { epoch = 0, pointChecked = 0 } = simulated.counts;
  assert.ok(
    epoch > 2 * SEEDS && pointChecked > 10 * SEEDS,
    `${epoch} epochs, ${pointChecked} points checked`,
  );
});
