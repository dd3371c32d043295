/**
 * Runs `crash/proofs.e2e.ts` in mount and IPC namespaces of its own, ended with this process: whatever
 * happens, nothing stays mounted.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { run } from '../packages/runtime/src/index.ts';

const PROOFS = join(import.meta.dirname, 'crash/proofs.e2e.ts');
const TIMEOUT_MS = 45 * 60_000;

test('the proofs of the crash campaign find every state that no power failure can have left', async () => {
  const dying = ['setpriv', '--pdeathsig', 'KILL', '--'];
  const alone = ['unshare', '--mount', '--propagation', 'private', '--ipc', '--'];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--test-reporter=spec', PROOFS];
  // The variable would make it report to this test runner in a format of its own.
  const env = { NODE_TEST_CONTEXT: undefined };
  const onOutput = (text: string) => void process.stderr.write(text);
  const result = await run([...dying, ...alone, ...node], { env, timeoutMs: TIMEOUT_MS, onOutput });
  assert.equal(result.exitCode, 0, result.stdout.slice(-4000));
  assert.match(result.stdout, /^ℹ pass [1-9]/m);
});
