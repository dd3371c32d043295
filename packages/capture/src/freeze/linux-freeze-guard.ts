/**
 * The process that freezes file systems and thaws them again: in time, and whatever happens to the agent that
 * started it. It is a process of its own, outside the agent's control group where the kernel lets it, so that
 * nothing that ends the agent ends it too; the agent's death closes its standard input. From the first
 * freeze on it writes to standard output only, which is a pipe. What it froze is on record in a file beside
 * the agent's runtime files, for the case that it is killed itself: `thawLeftovers`.
 *
 * G1 whatever was frozen here is thawed when standard input closes, or `limitMs` after the first freeze
 *    began, also while another one is still being frozen; that one as soon as it can be.
 * G2 the record is there before the first freeze begins, and gone only when everything is thawed.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, retry } from '@landfall/runtime';
import { freeze, thawAll, whyNotWrittenOut } from './linux-fsfreeze.ts';

export const GUARD_COMMAND = 'freeze-guard';
/** What the guard says, a line each. */
export const FROZEN_LINE = 'FROZEN';
export const THAWING_LINE = 'THAWING';

/** With delays up to ten seconds: half an hour. */
const THAW_ATTEMPTS_MAX = 200;

export interface GuardRequest {
  readonly mountPoints: readonly string[];
  readonly limitMs: number;
  /** Where what is frozen is on record. */
  readonly recordPath: string;
}

/** With FROZEN_LINE. */
export interface FrozenReport {
  /** None, unless all of them are still. */
  readonly frozen: readonly string[];
  readonly refusals: readonly string[];
}

/** The program; `parameters`: a GuardRequest as JSON. Errors: THAW_FAILED, told by the exit code alone. */
export async function runFreezeGuard(parameters: string): Promise<void> {
  const request: GuardRequest = JSON.parse(parameters);
  // With the agent gone nobody reads what is said here: that must not keep the guard from its work.
  process.stdout.on('error', () => undefined);
  leaveControlGroup();
  const over = new AbortController();
  closed(process.stdin).then(() => over.abort());
  const reason = await whyNotWrittenOut(request.mountPoints, request.limitMs);
  if (reason === undefined) await freezeUntil(over, request);
  else report({ frozen: [], refusals: [reason] });
}

async function freezeUntil(over: AbortController, request: GuardRequest): Promise<void> {
  const { mountPoints, limitMs, recordPath } = request;
  const frozen = new Set<string>();
  writeFileSync(recordPath, JSON.stringify(mountPoints));
  const isOver = aborted(over.signal);
  const cancelLimit = after(limitMs, () => over.abort());
  const thawing = Promise.allSettled([isOver.then(() => thaw(frozen))]);
  try {
    const refusals = await freezeAll(mountPoints, frozen, over.signal);
    if (over.signal.aborted)
      report({ frozen: [], refusals: [...refusals, 'time was over before all was frozen'] });
    else report({ frozen: [...frozen], refusals });
    if (frozen.size > 0) await isOver;
  } finally {
    cancelLimit();
    over.abort();
    await thawing;
    // What was not frozen yet when it was over.
    await thaw(frozen);
    rmSync(recordPath, { force: true });
  }
}

/** Errors: THAW_FAILED. */
async function thaw(frozen: Set<string>): Promise<void> {
  say(THAWING_LINE);
  await retry(() => thawAll(frozen), { attemptsMax: THAW_ATTEMPTS_MAX });
}

function report(facts: FrozenReport): void {
  say(`${FROZEN_LINE} ${JSON.stringify(facts)}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What a guard that was killed, too, left frozen. Errors: THAW_FAILED. */
export async function thawLeftovers(recordPath: string): Promise<readonly string[]> {
  if (!existsSync(recordPath)) return [];
  const mountPoints: readonly string[] = JSON.parse(readFileSync(recordPath, 'utf8'));
  await thawAll(new Set(mountPoints));
  rmSync(recordPath, { force: true });
  return mountPoints;
}

/** Answers why some were not frozen, or were already; stops between two of them when it is over. */
async function freezeAll(
  mountPoints: readonly string[],
  frozen: Set<string>,
  over: AbortSignal,
): Promise<readonly string[]> {
  const refusals: string[] = [];
  for (const mountPoint of mountPoints) {
    if (over.aborted) break;
    const { mayBeFrozen, refusal } = await freeze(mountPoint);
    if (mayBeFrozen) frozen.add(mountPoint);
    if (refusal !== undefined) refusals.push(refusal);
  }
  return refusals;
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

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
