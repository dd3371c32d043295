/** A stage of the tests: a program run with this Node first on PATH, in the repository. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { OperationError } from '@landfall/runtime';

export interface Stage {
  readonly what: string;
  readonly argv: readonly [string, ...string[]];
  readonly repository: string;
  /** Beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Every line is told behind this; without it the terminal is the program's own. */
  readonly prefix?: string;
  /** Hears every line too, without the prefix; only with one. */
  readonly onLine?: (line: string) => void;
}

/** Errors: TESTS_FAILED. */
export async function runStage(stage: Stage): Promise<void> {
  const [command, ...parameters] = stage.argv;
  const path = `${join(process.execPath, '..')}:${process.env.PATH ?? ''}`;
  const output = stage.prefix === undefined ? 'inherit' : 'pipe';
  const child = spawn(command, parameters, {
    cwd: stage.repository,
    env: { ...process.env, ...stage.env, PATH: path },
    stdio: ['ignore', output, output],
  });
  if (stage.prefix !== undefined) {
    passLines(child.stdout, stage.prefix, stage.onLine);
    passLines(child.stderr, stage.prefix, stage.onLine);
  }
  const exitCode = await exitCodeOf(child);
  if (exitCode === 0) return;
  const hint = 'the lines above name the test that failed';
  throw new OperationError('TESTS_FAILED', `${stage.what} failed (exit code ${exitCode})`, { hint });
}

function passLines(stream: Readable | null, prefix: string, onLine?: (line: string) => void): void {
  if (stream === null) return;
  createInterface({ input: stream }).on('line', (line) => {
    process.stdout.write(`${prefix}${line}\n`);
    onLine?.(line);
  });
}

function exitCodeOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
}
