/**
 * Tests only: an unmount that returns when the file system has ended, not only its mount point. A process
 * with a mount namespace of its own (another test's `unshare -m`) keeps it alive, and what it still holds
 * reaches the disk when that ends.
 */
import assert from 'node:assert/strict';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { runChecked, systemClock, systemErrorCode } from '@landfall/runtime';

const POLL_MS = 100;
const POLLS_MAX = 1200;

export async function unmount(disk: {
  readonly mountPoint: string;
  readonly deviceName: string;
}): Promise<void> {
  await runChecked(['umount', disk.mountPoint]);
  for (let polls = 0; !(await isExclusive(disk.deviceName)); polls += 1) {
    assert.ok(polls < POLLS_MAX, `${disk.deviceName} is still in use after its umount`);
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
