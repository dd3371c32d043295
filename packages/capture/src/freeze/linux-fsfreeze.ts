/** The tools that write out, freeze and thaw file systems, and what their answers mean. */
import { describeError, OperationError, type RunResult, run, systemClock } from '@landfall/runtime';

/** One ioctl can wait for much to be written out, and a thaw waits for the freeze before it. */
const TOOL_TIMEOUT_MS = 10 * 60_000;
/** For each file system, before anything is frozen: nobody waits for it. */
const SYNC_TIMEOUT_MS = 5 * 60_000;
/** Of what a freeze may take, for what the freeze itself still has to write out. */
const SHARE_FOR_WRITING = 0.25;
/** Some answers are known by their words only. */
const ENGLISH = { LC_ALL: 'C' };

/**
 * Writes out, and then once more, which tells about how long a freeze would take to write what was written
 * meanwhile. `undefined`, or why there is to be no freeze.
 */
export async function whyNotWrittenOut(
  mountPoints: readonly string[],
  limitMs: number,
): Promise<string | undefined> {
  const failure = await writeOut(mountPoints, SYNC_TIMEOUT_MS);
  if (failure !== undefined) return failure;
  const shareMs = Math.ceil(limitMs * SHARE_FOR_WRITING);
  const beganNs = systemClock.monotonicNs();
  const again = await writeOut(mountPoints, shareMs);
  const tookMs = Number(systemClock.monotonicNs() - beganNs) / 1e6;
  if (tookMs <= shareMs) return again;
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  return (
    `what is written meanwhile takes ${seconds(tookMs)} s to reach the disks, ` +
    `more than a quarter of the ${seconds(limitMs)} s that a freeze may take`
  );
}

async function writeOut(mountPoints: readonly string[], timeoutMs: number): Promise<string | undefined> {
  for (const mountPoint of mountPoints) {
    const result = await run(['sync', '--file-system', mountPoint], { timeoutMs, env: ENGLISH });
    if (result.exitCode !== 0) return describe(result);
  }
  return undefined;
}

export interface FreezeOutcome {
  /** Also when the tool was killed: the kernel ends what it is at first, and nobody is told how. */
  readonly mayBeFrozen: boolean;
  readonly refusal: string | undefined;
}

/** Resolves when the tool is gone: whether it is frozen does not change after that. */
export async function freeze(mountPoint: string): Promise<FreezeOutcome> {
  const result = await fsfreeze('--freeze', mountPoint);
  const refusal = result.exitCode === 0 ? undefined : describe(result);
  return { mayBeFrozen: result.exitCode === 0 || result.exitCode === null, refusal };
}

/**
 * The last one first, each whatever becomes of the others; what is thawed is taken out of the set. One that
 * is not frozen any more is as good as thawed. Not for one that is only being frozen: the kernel says the
 * same of that. Errors: THAW_FAILED.
 */
export async function thawAll(frozen: Set<string>): Promise<void> {
  const failures: string[] = [];
  for (const mountPoint of [...frozen].toReversed()) {
    try {
      const result = await fsfreeze('--unfreeze', mountPoint);
      if (result.exitCode === 0 || /Invalid argument/.test(result.stderr)) frozen.delete(mountPoint);
      else failures.push(describe(result));
    } catch (error) {
      failures.push(describeError(error));
    }
  }
  if (failures.length > 0) throw notThawed(failures);
}

function fsfreeze(direction: '--freeze' | '--unfreeze', mountPoint: string): Promise<RunResult> {
  return run(['fsfreeze', direction, mountPoint], { timeoutMs: TOOL_TIMEOUT_MS, env: ENGLISH });
}

function describe({ argv, stderr, exitCode, killedBy, timedOut }: RunResult): string {
  if (timedOut) return `${argv.join(' ')} took too long`;
  return stderr.trim() || `${argv.join(' ')} ended with ${exitCode ?? killedBy}`;
}

function notThawed(failures: readonly string[]): OperationError {
  return new OperationError('THAW_FAILED', `a file system stays frozen: ${failures.join('; ')}`, {
    hint: 'thaw it with `fsfreeze --unfreeze MOUNTPOINT`',
  });
}
