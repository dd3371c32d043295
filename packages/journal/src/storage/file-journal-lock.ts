/**
 * One process per journal. Each process that wants the folder leaves a file of its own, `lock-PID-STARTTIME`,
 * and then looks for others: of two that come at once at least the later one sees the other, so never do both
 * go on (both may give up). A file whose process is gone, because it was killed or the machine restarted, is
 * removed. A process is the same one when boot, process id and start time are; it is gone when its last
 * thread is, because until then one may still be writing.
 */
import { readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, processStart, readIfExists, systemErrorCode } from '@landfall/runtime';

const LOCK_NAME = /^lock-(\d+)-(\d+)$/;

interface LockOwner {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
  /** Process ids mean something only within one. */
  readonly pidNamespace: string;
}

/** Errors: JOURNAL_IN_USE. Resolves to what gives the lock back. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const self = await ownIdentity();
  const name = `lock-${self.pid}-${self.startTime}`;
  await createLock(folder, name, self);
  try {
    await checkOthers(folder, name, self);
  } catch (error) {
    await rm(join(folder, name), { force: true });
    throw error;
  }
  return () => rm(join(folder, name), { force: true });
}

async function createLock(folder: string, name: string, self: LockOwner): Promise<void> {
  try {
    await writeFile(join(folder, name), `${JSON.stringify(self)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    const owner = await readOwner(folder, name);
    if (owner === undefined || isSameWorld(owner, self)) throw inUse(folder, name, self.pid);
    await rm(join(folder, name), { force: true }); // The same numbers, but before a restart of the machine.
    await createLock(folder, name, self);
  }
}

async function checkOthers(folder: string, ownName: string, self: LockOwner): Promise<void> {
  for (const name of await readdir(folder)) {
    const match = LOCK_NAME.exec(name);
    if (match === null || name === ownName) continue;
    const owner = await readOwner(folder, name);
    if (mayBeAlive(owner, Number(match[1]), match[2] ?? '', self))
      throw inUse(folder, name, Number(match[1]));
    await rm(join(folder, name), { force: true });
  }
}

/** `owner` is unknown when its file was just created; then its name has to do. */
function mayBeAlive(owner: LockOwner | undefined, pid: number, startTime: string, self: LockOwner): boolean {
  if (owner !== undefined && owner.bootId !== self.bootId) return false;
  if (owner !== undefined && owner.pidNamespace !== self.pidNamespace) return true;
  return processStart(pid) === startTime;
}

function isSameWorld(left: LockOwner, right: LockOwner): boolean {
  return left.bootId === right.bootId && left.pidNamespace === right.pidNamespace;
}

async function readOwner(folder: string, name: string): Promise<LockOwner | undefined> {
  const text = await readIfExists(join(folder, name));
  const match = /^\{"pid":(\d+),"startTime":"(\d+)","bootId":"([^"]*)","pidNamespace":"([^"]*)"\}\n$/.exec(
    text ?? '',
  );
  if (match === null) return undefined;
  const [, pid = '', startTime = '', bootId = '', pidNamespace = ''] = match;
  return { pid: Number(pid), startTime, bootId, pidNamespace };
}

async function ownIdentity(): Promise<LockOwner> {
  const startTime = processStart(process.pid) ?? '0';
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return { pid: process.pid, startTime, bootId, pidNamespace: await readlink('/proc/self/ns/pid') };
}

function inUse(folder: string, name: string, pid: number): OperationError {
  return new OperationError('JOURNAL_IN_USE', `the journal is in use by process ${pid}`, {
    hint: `end that process first; if its container is gone, remove the file ${join(folder, name)}`,
    context: { pid, lockFile: name },
  });
}
