/**
 * Tests only: an unmount that returns when the file system has ended, not only its mount point. A process
 * with a mount namespace of its own took a copy of every mount of its moment; such a copy keeps the file
 * system alive for as long as that process runs, and what it still holds reaches the disk only at its end. So
 * the copies of this one file system are taken away as well; nothing of theirs uses it.
 */
import assert from 'node:assert/strict';
import { constants } from 'node:fs';
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { run, runChecked, systemClock, systemErrorCode } from '@landfall/runtime';

const POLL_MS = 100;
const POLLS_MAX = 1200;
const GONE_OR_FOREIGN: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'EINVAL', 'EACCES']);
/** The device of a line of /proc/PID/mountinfo stands behind the separator and the file system's type. */
const SOURCE_OF_MOUNT = / - \S+ (\S+) /;

interface MountedDisk {
  readonly mountPoint: string;
  readonly deviceName: string;
}

export async function unmount(disk: MountedDisk): Promise<void> {
  await runChecked(['umount', disk.mountPoint]);
  for (let polls = 0; !(await isExclusive(disk.deviceName)); polls += 1) {
    assert.ok(polls < POLLS_MAX, `${disk.deviceName} is still in use after its umount`);
    await unmountCopies(disk);
    await systemClock.sleep(POLL_MS);
  }
}

/** Linux: opening a block device with O_EXCL fails with EBUSY while a file system is on it. */
async function isExclusive(deviceName: string): Promise<boolean> {
  try {
    await (await open(deviceName, constants.O_RDONLY | constants.O_EXCL)).close();
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EBUSY') return false;
    throw error;
  }
}

/** A process may end at any moment, and its copy with it: the caller looks at the device again. */
async function unmountCopies({ deviceName, mountPoint }: MountedDisk): Promise<void> {
  const seen = new Set([await readlink('/proc/self/ns/mnt')]);
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const namespace = await ofProcess(readlink(`/proc/${pid}/ns/mnt`));
    if (namespace === undefined || seen.has(namespace)) continue;
    seen.add(namespace);
    const mounts = (await ofProcess(readFile(`/proc/${pid}/mountinfo`, 'utf8'))) ?? '';
    if (!mounts.split('\n').some((line) => SOURCE_OF_MOUNT.exec(line)?.[1] === deviceName)) continue;
    await run(['nsenter', '--mount', `--target=${pid}`, 'umount', '--lazy', mountPoint]);
  }
}

/** Nothing of a process that has ended or that is not ours to look at. */
async function ofProcess<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  try {
    return await asked;
  } catch (error) {
    const code = systemErrorCode(error);
    if (GONE_OR_FOREIGN.has(code ?? '')) return undefined;
    throw error;
  }
}
