/**
 * Runs a story in namespaces of its own: it starts itself once more in them. When that process ends, or this
 * one is killed, the kernel ends everything in them, with their mounts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../packages/runtime/src/index.ts';

export interface OwnNamespaces {
  /** Of the outer test. */
  readonly title: string;
  /** Set inside. */
  readonly variable: string;
  /** For unshare. */
  readonly namespaces: readonly string[];
  /** What the story is started by there; nothing without it. */
  readonly launcher?: readonly string[];
  readonly timeoutMs: number;
  /** Before, outside: more variables of the inner process. */
  readonly prepare?: () => Promise<Readonly<Record<string, string>>>;
}

const PROCESSES = ['--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];

/** Calls `story` inside; outside there is one test, which passes when all inside did. */
export function inOwnNamespaces(storyFile: string, options: OwnNamespaces, story: () => void): void {
  if (process.env[options.variable] !== undefined) story();
  else runInside(storyFile, options);
}

function runInside(storyFile: string, options: OwnNamespaces): void {
  const { title, variable, namespaces, launcher = [], timeoutMs, prepare } = options;
  test(title, { timeout: timeoutMs }, async () => {
    const more = (await prepare?.()) ?? {};
    const node = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--test-reporter=spec',
      '--test',
    ];
    const outer = ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces, ...PROCESSES];
    const result = await run([...outer, ...launcher, ...node, storyFile], {
      timeoutMs,
      env: { ...more, [variable]: '1', NODE_TEST_CONTEXT: undefined },
      onOutput: (text) => void process.stderr.write(text),
    });
    assert.equal(result.exitCode, 0, `${result.stdout.slice(-8000)}\n${result.stderr.slice(-2000)}`);
    assert.match(result.stdout, /pass [1-9]/, 'tests have run');
  });
}
