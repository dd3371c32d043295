/** Random histories of a model test, shared among processes; the model's own file makes them. */
import assert from 'node:assert/strict';
import { run } from '../packages/runtime/src/index.ts';

const PROCESSES = 2;
const LIMIT_MS = 60 * 60_000;

export interface ModelHistories {
  /** The test file; it takes `LANDFALL_<name>_HISTORIES` and `LANDFALL_<name>_SEED`. */
  readonly model: string;
  readonly name: string;
  readonly count: number;
  readonly seedFrom: number;
}

export interface HistoriesShare {
  readonly count: number;
  /** `seeds 1..50` */
  readonly seeds: string;
  /** TAP, with the model's diagnostics. */
  readonly stdout: string;
  readonly durationMs: number;
}

/** Fails with the model's output when a history does. */
export async function runHistories(histories: ModelHistories): Promise<readonly HistoriesShare[]> {
  const count = Math.ceil(histories.count / PROCESSES);
  const share = async (index: number): Promise<HistoriesShare> => {
    const from = histories.seedFrom + index * count;
    const env = {
      [`LANDFALL_${histories.name}_HISTORIES`]: String(count),
      [`LANDFALL_${histories.name}_SEED`]: String(from),
      NODE_TEST_CONTEXT: undefined, // It is a program of its own, not a file of this test run.
    };
    const argv = [process.execPath, '--test-reporter=tap', histories.model];
    const { exitCode, stdout, stderr, durationMs } = await run(argv, { env, timeoutMs: LIMIT_MS });
    assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
    return { count, seeds: `seeds ${from}..${from + count - 1}`, stdout, durationMs };
  };
  return Promise.all(Array.from({ length: PROCESSES }, (_, index) => share(index)));
}
