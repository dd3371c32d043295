/** Tests only: a file system on a loop device to freeze, thawed and unmounted after the test. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { MIB, run, runChecked, systemClock } from '@landfall/runtime';
import { createLoopDisks } from '../disks/linux-loop.testing.ts';

export const SIZE_BYTES = 64 * MIB;
/** Nobody waits longer than this for a thaw here. */
export const PATIENCE_MS = 60_000;

export interface Rig {
  readonly device: string;
  readonly mountPoint: string;
  readonly recordPath: string;
  readonly folder: string;
}

export async function createRig(context: TestContext, fileSystem = 'ext4'): Promise<Rig> {
  const loops = await createLoopDisks([fileSystem === 'xfs' ? 320 * MIB : SIZE_BYTES]);
  const device = loops.disks[0]?.devicePath ?? '';
  const mountPoint = join(loops.folder, 'mounted');
  mkdirSync(mountPoint);
  await runChecked([`mkfs.${fileSystem}`, '-q', device]);
  await runChecked(['mount', device, mountPoint]);
  context.after(async () => {
    await run(['fsfreeze', '--unfreeze', mountPoint]);
    await run(['umount', '--lazy', mountPoint]);
    loops.remove();
  });
  return { device, mountPoint, recordPath: join(loops.folder, 'frozen'), folder: loops.folder };
}

/** Who writes to what is frozen cannot be killed: it is left waiting, for the thaw after the test. */
export async function isWritable(mountPoint: string): Promise<boolean> {
  const timer = new AbortController();
  const isPatient = systemClock.sleep(PATIENCE_MS, timer.signal).then(
    () => false,
    () => true,
  );
  const result = run(['touch', join(mountPoint, 'touched')]).then(({ exitCode }) => exitCode === 0);
  const isWritten = await Promise.race([result, isPatient]);
  timer.abort();
  return isWritten;
}

export async function untilThawed({ mountPoint, recordPath }: Rig): Promise<void> {
  assert.ok(await isWritable(mountPoint), 'it can be written again');
  for (let waitedMs = 0; existsSync(recordPath) && waitedMs < PATIENCE_MS; waitedMs += 50)
    await systemClock.sleep(50);
  assert.ok(!existsSync(recordPath), 'nothing is on record any more');
}
