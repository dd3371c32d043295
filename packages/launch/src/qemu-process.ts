/**
 * The QEMU process of a machine. It is started detached and outlives the launch host: a machine must not stop
 * because the program that launched it was replaced. It is found again by its pid file, and known to be the
 * right one by that file's name in its command line and by its start, which is recorded as soon as its
 * monitor answers: a pid alone may have been given to somebody else. A launch host that was killed before it
 * recorded that finds it by its command line.
 */
import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  OperationError,
  processStart,
  readIfExists,
  systemErrorCode,
  writeDurably,
} from '@landfall/runtime';
import { PID_FILE, QMP_SOCKET } from './launch-plan.ts';
import { withMonitor } from './qemu-monitor.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from boot to start. */
  readonly startTicks: string;
}

export const QEMU_LOG = 'qemu.log';
/** A `ProcessIdentity` as JSON. */
export const PROCESS_FILE = 'qemu-process.json';
const START_TIMEOUT_MS = 30_000;
const QUIT_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
const LOG_TAIL_CHARACTERS = 1500;
/** Linux: `sun_path` has 108 bytes, the last one zero. */
const SOCKET_PATH_BYTES_MAX = 107;

/**
 * Starts QEMU and waits until its monitor answers. Errors: MACHINE_START_FAILED with what QEMU said,
 * TOOL_MISSING.
 */
export async function startQemu(
  argv: readonly string[],
  folder: string,
  clock: Clock,
): Promise<ProcessIdentity> {
  checkSocketPath(folder);
  await rm(join(folder, QMP_SOCKET), { force: true });
  await rm(join(folder, PID_FILE), { force: true });
  await rm(join(folder, PROCESS_FILE), { force: true });
  const exit = await spawnDetached(argv, folder);
  const deadlineNs = clock.monotonicNs() + BigInt(START_TIMEOUT_MS) * 1_000_000n;
  while (clock.monotonicNs() < deadlineNs) {
    if (exit.ended()) throw await startFailed(folder, 'QEMU ended at once');
    const identity = await findQemu(folder);
    if (identity !== undefined && (await answers(folder))) {
      await writeDurably(join(folder, PROCESS_FILE), JSON.stringify(identity));
      return identity;
    }
    await clock.sleep(POLL_MS);
  }
  await stopQemu(folder, clock);
  throw await startFailed(folder, `QEMU did not answer within ${START_TIMEOUT_MS} ms`);
}

/** The running QEMU of the machine in `folder`, if there is one. */
export async function findQemu(folder: string): Promise<ProcessIdentity | undefined> {
  const text = await readIfExists(join(folder, PID_FILE));
  const pid = Number(text?.trim());
  if (text === undefined || !Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const identity = await identify(pid, folder);
  const recorded = await readRecorded(folder);
  const isAnother = recorded?.pid === pid && recorded.startTicks !== identity?.startTicks;
  return isAnother ? undefined : identity;
}

/** `undefined`: it was never recorded. */
async function readRecorded(folder: string): Promise<ProcessIdentity | undefined> {
  const text = await readIfExists(join(folder, PROCESS_FILE));
  return text === undefined ? undefined : JSON.parse(text);
}

/** Ends the machine's QEMU: politely over its monitor, then by force. Nothing to do is success. */
export async function stopQemu(folder: string, clock: Clock): Promise<void> {
  const identity = await findQemu(folder);
  if (identity === undefined) return;
  await quit(folder);
  if (await isGone(identity, clock)) return;
  kill(identity.pid);
  if (await isGone(identity, clock)) return;
  throw new OperationError(
    'MACHINE_STOP_FAILED',
    `QEMU (pid ${identity.pid}) does not end, not even when killed`,
    {
      hint: 'it probably waits for a disk that does not answer; look at the storage of the launch host',
      retryable: true,
    },
  );
}

/** The end of what QEMU said on its standard error. */
export async function readQemuLog(folder: string): Promise<string> {
  return ((await readIfExists(join(folder, QEMU_LOG))) ?? '').trim().slice(-LOG_TAIL_CHARACTERS);
}

async function spawnDetached(argv: readonly string[], folder: string): Promise<{ ended: () => boolean }> {
  const [command = '', ...parameters] = argv;
  const log = await open(join(folder, QEMU_LOG), 'w', 0o600);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(command, parameters, {
        detached: true,
        cwd: folder,
        stdio: ['ignore', log.fd, log.fd],
      });
      child.once('error', (cause) => reject(missing(command, cause)));
      child.once('spawn', () => {
        child.unref();
        resolve({ ended: () => child.exitCode !== null || child.signalCode !== null });
      });
    });
  } finally {
    await log.close();
  }
}

async function identify(pid: number, folder: string): Promise<ProcessIdentity | undefined> {
  try {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    const words = commandLine.split('\0');
    if (!words.some((word, index) => word === join(folder, PID_FILE) && words[index - 1] === '-pidfile'))
      return undefined;
    const startTicks = processStart(pid);
    return startTicks === undefined ? undefined : { pid, startTicks };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/** Waits for its last thread: a zombie has no command line any more, but its others may still write. */
async function isGone({ pid, startTicks }: ProcessIdentity, clock: Clock): Promise<boolean> {
  const deadlineNs = clock.monotonicNs() + BigInt(QUIT_TIMEOUT_MS) * 1_000_000n;
  for (;;) {
    if (processStart(pid) !== startTicks) return true;
    if (clock.monotonicNs() > deadlineNs) return false;
    await clock.sleep(POLL_MS);
  }
}

async function answers(folder: string): Promise<boolean> {
  return await ignoringUnreachable(() => withMonitor(join(folder, QMP_SOCKET), async () => true), false);
}

async function quit(folder: string): Promise<void> {
  await ignoringUnreachable(
    () => withMonitor(join(folder, QMP_SOCKET), (monitor) => monitor.execute('quit')),
    undefined,
  );
}

/** A monitor that does not answer is an ordinary answer here: QEMU may be starting, or ending. */
async function ignoringUnreachable<Result>(ask: () => Promise<Result>, otherwise: Result): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof OperationError && error.code === 'MACHINE_UNREACHABLE') return otherwise;
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

async function startFailed(folder: string, why: string): Promise<OperationError> {
  const said = await readQemuLog(folder);
  return new OperationError('MACHINE_START_FAILED', `${why}: ${said === '' ? 'it said nothing' : said}`, {
    hint: 'look at the free memory of the launch host and at the ports in use there, then launch again',
    context: { folder },
  });
}

function missing(command: string, cause: Error): OperationError {
  return new OperationError('TOOL_MISSING', `cannot start ${command}: ${cause.message}`, {
    hint: 'install the package qemu-system-x86',
    cause,
  });
}

function checkSocketPath(folder: string): void {
  const length = Buffer.byteLength(join(folder, QMP_SOCKET));
  if (length <= SOCKET_PATH_BYTES_MAX) return;
  throw new OperationError(
    'MACHINE_START_FAILED',
    `the path of the machine's folder is too long for a socket (${length} bytes)`,
    {
      hint: 'give the launch host a shorter --state-dir',
      context: { folder },
    },
  );
}
