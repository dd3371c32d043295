/** `landfall` as a process of its own, as shells start it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../apps/cli/src/main.ts');

export interface ProcessResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An executable `landfall` in a folder; what tests put on PATH. */
export async function installLandfall(folder: string): Promise<string> {
  const path = join(folder, 'landfall');
  const node = `"${process.execPath}" --disable-warning=ExperimentalWarning`;
  await writeFile(path, `#!/bin/sh\nexec ${node} "${MAIN}" "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Told of everything it says on standard error, with a way to send it a signal. */
  readonly onStderr?: (said: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Nothing of this process's environment but PATH. */
export async function runProcess(
  argv: readonly [string, ...string[]],
  { env, onStderr }: StartOptions,
): Promise<ProcessResult> {
  const [command, ...parameters] = argv;
  const child = spawn(command, parameters, {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onStderr?.(stderr, (signal) => child.kill(signal));
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}
