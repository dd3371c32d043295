/**
 * Tests only: a test file in a mount namespace of its own, so that what it mounts goes with it, even when
 * it is killed, and with it the loop devices below. The file runs itself again there.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '@landfall/runtime';
import { whyNoLoopDevices } from './linux-loop.testing.ts';

const INSIDE = 'LANDFALL_TEST_IN_OWN_MOUNTS';
const TIMEOUT_MS = 10 * 60_000;

/** `define` declares the tests; it is called in the namespace only. */
export function inOwnMounts(file: string, title: string, define: () => void): void {
  if (process.env[INSIDE] === '1') {
    define();
    return;
  }
  test(title, { skip: whyNoLoopDevices() }, async (context) => {
    const node = [process.execPath, '--test-reporter=spec', file];
    const result = await run(['unshare', '--mount', '--kill-child', ...node], {
      env: { [INSIDE]: '1', NODE_TEST_CONTEXT: undefined },
      timeoutMs: TIMEOUT_MS,
      signal: context.signal,
    });
    for (const line of result.stdout.split('\n'))
      if (line.includes('ℹ ')) context.diagnostic(line.replace('ℹ', '').trim());
    assert.equal(result.exitCode, 0, result.stdout + result.stderr);
  });
}
