/**
 * The process that freezes file systems and thaws them again: in time, and whatever happens to the agent that
 * started it. It is a process of its own, outside the agent's control group where the kernel lets it, so that
 * nothing that ends the agent ends it too; the agent's death closes its standard input. From the first
 * freeze on it writes to standard output only, which is a pipe. What it froze is on record in a file beside
 * the agent's runtime files, for the case that it is killed itself: `thawLeftovers`.
 *
 * G1 whatever was frozen here is thawed when standard input closes, or `limitMs` after the first freeze
 *    began.
 * G2 the record is there before the first freeze begins, and gone only when everything is thawed.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describeError, OperationError, type RunResult, retry, run, systemClock } from '@landfall/runtime';

export const GUARD_COMMAND = 'freeze-guard';
/** What the guard says, a line each. */
export const FROZEN_LINE = 'FROZEN';
export const THAWING_LINE = 'THAWING';

/** One ioctl can wait for much to be written out, and a thaw waits for the freeze before it. */
const TOOL_TIMEOUT_MS = 10 * 60_000;
/** With delays up to ten seconds: half an hour. */
const THAW_ATTEMPTS_MAX = 200;

export interface GuardRequest {
  readonly mountPoints: readonly string[];
  readonly limitMs: number;
  /** Where what is frozen is on record. */
  readonly recordPath: string;
}

/** The program; `parameters`: a GuardRequest as JSON. Errors: THAW_FAILED, told by the exit code alone. */
export async function runFreezeGuard(parameters: string): Promise<void> {
  const request: GuardRequest = JSON.parse(parameters);
  // With the agent gone nobody reads what is said here: that must not keep the guard from its work.
  process.stdout.on('error', () => undefined);
  leaveControlGroup();
  const agentGone = closed(process.stdin);
  for (const mountPoint of request.mountPoints) await run(['sync', '--file-system', mountPoint]);
  writeFileSync(request.recordPath, JSON.stringify(request.mountPoints));
  const late = new AbortController();
  const limit = Promise.allSettled([systemClock.sleep(request.limitMs, late.signal)]);
  const over = Promise.race([agentGone, limit]);
  const frozen: string[] = [];
  try {
    const refusals = await freezeAll(request.mountPoints, { frozen, over });
    say(`${FROZEN_LINE} ${JSON.stringify({ frozen, refusals })}`);
    if (frozen.length > 0) await over;
  } finally {
    late.abort();
    say(THAWING_LINE);
    await retry(() => thawAll(frozen), { attemptsMax: THAW_ATTEMPTS_MAX });
    rmSync(request.recordPath, { force: true });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What a guard that was killed, too, left frozen. Errors: THAW_FAILED. */
export async function thawLeftovers(recordPath: string): Promise<readonly string[]> {
  if (!existsSync(recordPath)) return [];
  const mountPoints: readonly string[] = JSON.parse(readFileSync(recordPath, 'utf8'));
  await thawAll(mountPoints);
  rmSync(recordPath, { force: true });
  return mountPoints;
}

/** Answers why some were not frozen, or were already; stops between two of them when it is over. */
async function freezeAll(
  mountPoints: readonly string[],
  { frozen, over }: { readonly frozen: string[]; readonly over: Promise<unknown> },
): Promise<readonly string[]> {
  let isOver = false;
  over.then(() => {
    isOver = true;
  });
  const refusals: string[] = [];
  for (const mountPoint of mountPoints) {
    if (isOver) break;
    const result = await run(['fsfreeze', '--freeze', mountPoint], { timeoutMs: TOOL_TIMEOUT_MS });
    if (result.exitCode === 0) frozen.push(mountPoint);
    else refusals.push(describe(result));
  }
  return refusals;
}

/**
 * The last one first, each whatever becomes of the others. One that is not frozen any more is as good as
 * thawed. Errors: THAW_FAILED.
 */
async function thawAll(mountPoints: readonly string[]): Promise<void> {
  const failures: string[] = [];
  for (const mountPoint of mountPoints.toReversed()) {
    try {
      const result = await run(['fsfreeze', '--unfreeze', mountPoint], { timeoutMs: TOOL_TIMEOUT_MS });
      if (result.exitCode !== 0 && !/Invalid argument/.test(result.stderr)) failures.push(describe(result));
    } catch (error) {
      failures.push(describeError(error));
    }
  }
  if (failures.length > 0) throw notThawed(failures);
}

function describe({ stderr, exitCode }: RunResult): string {
  return stderr.trim() || `fsfreeze exited with ${exitCode}`;
}

/** systemd kills what is left in the group of a service whose main process has ended. */
function leaveControlGroup(): void {
  for (const path of ['/sys/fs/cgroup/cgroup.procs', '/sys/fs/cgroup/systemd/cgroup.procs']) {
    try {
      if (existsSync(path)) writeFileSync(path, String(process.pid));
    } catch (error) {
      process.stderr.write(`freeze-guard: stays in the control group of the agent: ${error}\n`);
    }
  }
}

function closed(stream: NodeJS.ReadStream): Promise<void> {
  return new Promise((resolve) => {
    stream.on('error', () => resolve());
    stream.on('close', () => resolve());
    stream.on('end', () => resolve());
    stream.resume();
  });
}

function notThawed(failures: readonly string[]): OperationError {
  return new OperationError('THAW_FAILED', `a file system stays frozen: ${failures.join('; ')}`, {
    hint: 'thaw it with `fsfreeze --unfreeze MOUNTPOINT`',
  });
}
