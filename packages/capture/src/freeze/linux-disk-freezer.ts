/**
 * Freezes what is mounted of whole disks, by a guard (`linux-freeze-guard.ts`) that thaws it whatever
 * happens.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { OperationError } from '@landfall/runtime';
import { disksBelow } from '../disks/linux-disks.ts';
import { parseMounts } from '../free-space/volume-listing.ts';
import type { DiskFreezer, FreezeHold } from './disk-freezer.ts';
import {
  FROZEN_LINE,
  type FrozenReport,
  type GuardRequest,
  THAWING_LINE,
  thawLeftovers,
} from './linux-freeze-guard.ts';

export interface LinuxDiskFreezerOptions {
  /** As in /sys/block. */
  readonly diskNames: readonly string[];
  /** The command that runs `runFreezeGuard` with one more argument. */
  readonly guardCommand: readonly string[];
  /** On a file system in memory: the agent may write there although everything else is frozen. */
  readonly recordPath: string;
  /** Called before anything is frozen, and when all of it is thawed: no log goes to a disk meanwhile. */
  readonly onFreezing?: () => void;
  readonly onThawed?: () => void;
}

export function createLinuxDiskFreezer(options: LinuxDiskFreezerOptions): DiskFreezer {
  return { freeze: (limitMs) => freeze(options, limitMs) };
}

/** Where file systems of these disks are mounted to be written: one place each, the root last. */
export function writtenMountPoints(diskNames: readonly string[]): readonly string[] {
  const places = new Map<string, string>();
  for (const { device, source, mountPoint, isWritable } of parseMounts(
    readFileSync('/proc/self/mountinfo', 'utf8'),
  )) {
    const isOfDisks = isWritable && [...disksBelow(device, source)].some((name) => diskNames.includes(name));
    if (isOfDisks && !places.has(device)) places.set(device, mountPoint);
  }
  return [...places.values()].toSorted((one, other) => Number(one === '/') - Number(other === '/'));
}

async function freeze(options: LinuxDiskFreezerOptions, limitMs: number): Promise<FreezeHold> {
  const mountPoints = writtenMountPoints(options.diskNames);
  if (mountPoints.length === 0) throw failed('none of the disks has a mounted file system');
  const { guardCommand, recordPath } = options;
  const hold = new GuardedHold(startGuard(guardCommand, { mountPoints, limitMs, recordPath }), options);
  options.onFreezing?.();
  try {
    const { frozen, refusals } = await hold.untilFrozen();
    if (frozen.length === 0) throw failed(refusals.join('; '));
    return hold;
  } catch (error) {
    await hold.thaw();
    throw error;
  }
}

/** A session of its own: signals to the agent's are not for it. */
function startGuard(guardCommand: readonly string[], request: GuardRequest): ChildProcess {
  const [command = '', ...parameters] = guardCommand;
  return spawn(command, [...parameters, JSON.stringify(request)], {
    ...{ detached: true, stdio: ['pipe', 'pipe', 'inherit'] },
  });
}

class GuardedHold implements FreezeHold {
  readonly #guard: ChildProcess;
  readonly #options: LinuxDiskFreezerOptions;
  readonly #frozen = Promise.withResolvers<FrozenReport>();
  readonly #ended: Promise<void>;
  #isHeld = false;
  #thawing: Promise<void> | undefined;

  constructor(guard: ChildProcess, options: LinuxDiskFreezerOptions) {
    this.#guard = guard;
    this.#options = options;
    Promise.allSettled([this.#frozen.promise]); // Whoever waits for it is told; a thaw may come first.
    const { stdout, stdin } = guard;
    if (stdout === null || stdin === null) throw failed('the guard has no pipes');
    stdin.on('error', () => undefined); // It has ended: that is told by its end.
    createInterface({ input: stdout }).on('line', (line) => this.#onLine(line));
    const started = once(guard, 'close').then(
      () => failed('the guard ended'),
      (error: unknown) => failed(`the guard cannot be started: ${error}`),
    );
    this.#ended = started.then((why) => {
      this.#isHeld = false;
      this.#frozen.reject(why);
    });
    // Also when nobody asks for it any more, as when its time was over while the sender was away.
    Promise.allSettled([this.#ended.then(() => this.thaw())]);
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  untilFrozen(): Promise<FrozenReport> {
    return this.#frozen.promise;
  }

  thaw(): Promise<void> {
    this.#isHeld = false;
    this.#thawing ??= this.#thaw();
    return this.#thawing;
  }

  /** The guard thaws when its input closes; what one that was killed left is thawed here. */
  async #thaw(): Promise<void> {
    this.#guard.stdin?.end();
    await this.#ended;
    await thawLeftovers(this.#options.recordPath);
    this.#options.onThawed?.();
  }

  #onLine(line: string): void {
    const [word = '', report = ''] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
    if (line === THAWING_LINE) this.#isHeld = false;
    if (word !== FROZEN_LINE) return;
    const facts: FrozenReport = JSON.parse(report);
    this.#isHeld = facts.frozen.length > 0;
    this.#frozen.resolve(facts);
  }
}

function failed(why: string): OperationError {
  return new OperationError('FREEZE_FAILED', `the file systems of the disks were not frozen: ${why}`, {
    hint: 'see which file systems are on the replicated disks with lsblk; ext4, XFS and btrfs can be frozen',
    retryable: true,
  });
}
