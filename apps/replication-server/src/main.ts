/** The replication server: see USAGE in server-options.ts. */
import {
  createLogger,
  describeError,
  OperationError,
  systemClock,
  terminationRequest,
} from '@landfall/runtime';
import { applyHeapSettings } from './heap-settings.ts';
import { type FolderLine, runInFolder } from './journals/journal-folder.ts';
import { runServer } from './run-server.ts';
import { parseFolderOptions, parseOptions, parseRotationOptions, USAGE } from './server-options.ts';
import { rotateKeys } from './staging/rotate-keys.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_PORT_IN_USE = 3;
const EXIT_DAMAGED = 4;
const EXIT_CODES: Readonly<Record<string, number>> = {
  OPTION_INVALID: EXIT_USAGE,
  PORT_IN_USE: EXIT_PORT_IN_USE,
  JOURNAL_DAMAGED: EXIT_DAMAGED,
  EXTENT_DAMAGED: EXIT_DAMAGED,
};
/** Reads and writes of journals run in libuv's threads. Takes effect before the first of them starts. */
const THREADS = '8';

async function main([first, ...others]: readonly string[]): Promise<void> {
  if (first === 'rotate-keys') return rotate(others);
  if (first === 'journal') return workInFolder(others);
  const parameters = first === undefined ? [] : [first, ...others];
  const options = parseOptions(parameters);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  const stop = new AbortController();
  void terminationRequest().then(() => stop.abort());
  const logger = createLogger({ program: 'replication-server', level: options.logLevel });
  await runServer({ ...options, logger, clock: systemClock, signal: stop.signal });
}

async function rotate(parameters: readonly string[]): Promise<void> {
  const options = parseRotationOptions(parameters);
  process.stdout.write(options === undefined ? USAGE : await rotateKeys(options));
}

async function workInFolder(parameters: readonly string[]): Promise<void> {
  const options = parseFolderOptions(parameters);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  const logger = createLogger({ program: 'replication-server', level: 'warn' });
  const tell = (line: FolderLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
  await runInFolder(options, { tell, logger, clock: systemClock });
}

function fail(error: unknown): void {
  process.stderr.write(`replication-server: ${describeError(error)}\n`);
  process.exitCode = (error instanceof OperationError ? EXIT_CODES[error.code] : undefined) ?? EXIT_FAILED;
}

process.env.UV_THREADPOOL_SIZE ??= THREADS;
applyHeapSettings();
main(process.argv.slice(2)).catch(fail);
