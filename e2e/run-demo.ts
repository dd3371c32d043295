/** Runs `./landfall demo` as a user would and reads the result it prints with --json. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DemoResult } from '../apps/cli/src/demo/demo.ts';
import { run } from '../packages/runtime/src/index.ts';

/** Twice the demo's own promise: what is tested here is the outcome, on machines of any speed. */
const TIMEOUT_MS = 30 * 60_000;

export async function runDemo(parameters: readonly string[]): Promise<DemoResult> {
  const launcher = join(import.meta.dirname, '../landfall');
  const onOutput = (text: string) => void process.stderr.write(text);
  const result = await run([launcher, 'demo', '--json', ...parameters], { timeoutMs: TIMEOUT_MS, onOutput });
  assert.equal(result.exitCode, 0, `the demo failed: ${result.stderr.slice(-3000)}`);
  return JSON.parse(result.stdout) as DemoResult;
}

/** What holds for every demo that ended well, killed or not. */
export function assertProved(result: DemoResult): void {
  assert.ok(result.rowsCheckedInTest > 0, 'the test machine had no rows');
  assert.ok(
    result.rowsCheckedInCutover > result.rowsCheckedInTest,
    'the cutover machine has no more rows than the test',
  );
  assert.ok(result.recoveryPoints > 1, 'there were not several recovery points');
  assert.ok(result.pointAgeMs >= 5000, 'the test was not launched from the past');
  assert.ok(result.bytesSent < result.bytesOnSource, 'more was sent than the disks hold');
}
