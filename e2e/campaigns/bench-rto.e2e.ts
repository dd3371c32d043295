/**
 * `landfall bench rto` runs to its end in its quick form: one round of everything, virt-v2v included. What
 * it measures on a machine of any speed is not judged here. Its guest is that of the guest matrix.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { cacheFolder } from '../../apps/cli/src/setup/cache-folder.ts';
import { run } from '../../packages/runtime/src/index.ts';

const LAUNCHER = join(import.meta.dirname, '../../landfall');
const TIMEOUT_MS = 40 * 60_000;
const EXIT_MISSED = 3;

test('launches are measured beside a plain boot and the usual way, and nothing is left behind', {
  timeout: TIMEOUT_MS,
}, async () => {
  const onOutput = (text: string) => void process.stderr.write(text);
  const argv = [LAUNCHER, 'bench', 'rto', '--quick', '--json'];
  const bench = await run(argv, { timeoutMs: TIMEOUT_MS, onOutput });
  assert.ok(bench.exitCode === 0 || bench.exitCode === EXIT_MISSED, bench.stderr.slice(-3000));
  const result = JSON.parse(bench.stdout) as {
    readonly name: string;
    readonly rows: readonly { what: string; measured: number; met: boolean; required: boolean }[];
  };
  assert.equal(result.name, 'rto');
  assert.equal(result.rows.length, 5);
  for (const { what, measured } of result.rows) assert.ok(Number.isFinite(measured), `${what}: ${measured}`);
  const missed = result.rows.some(({ met, required }) => required && !met);
  assert.equal(bench.exitCode, missed ? EXIT_MISSED : 0);
  assert.deepEqual(
    (await readdir(cacheFolder())).filter((name) => name.startsWith('bench-')),
    [],
  );
});
