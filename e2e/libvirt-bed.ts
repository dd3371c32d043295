/**
 * Runs a story beside a libvirtd of its own. The story starts itself once more in namespaces (mounts,
 * network, processes) whose first process is `libvirt-bed.sh`: when that ends, or this process is killed, the
 * kernel ends everything in them, with their mounts, bridges and firewall rules. Nothing of the computer's
 * own libvirt and network is touched.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../packages/runtime/src/index.ts';

const INSIDE = 'LANDFALL_TEST_LIBVIRT_BED';
const TIMEOUT_MS = 30 * 60_000;
const NAMESPACES = ['--mount', '--net', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];

/** Calls `story` inside; outside there is one test, which passes when all inside did. */
export function besideLibvirt(storyFile: string, story: () => void): void {
  if (process.env[INSIDE] !== undefined) story();
  else runInside(storyFile);
}

function runInside(storyFile: string): void {
  test('beside a libvirtd of its own', { timeout: TIMEOUT_MS }, async () => {
    const node = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--test-reporter=spec',
      '--test',
    ];
    const inside = ['sh', join(import.meta.dirname, 'libvirt-bed.sh'), ...node, storyFile];
    const result = await run(['setpriv', '--pdeathsig', 'KILL', 'unshare', ...NAMESPACES, ...inside], {
      timeoutMs: TIMEOUT_MS,
      env: { [INSIDE]: '1', NODE_TEST_CONTEXT: undefined },
      onOutput: (text) => void process.stderr.write(text),
    });
    assert.equal(result.exitCode, 0, `${result.stdout.slice(-8000)}\n${result.stderr.slice(-2000)}`);
    assert.match(result.stdout, /pass [1-9]/, 'tests have run');
  });
}
