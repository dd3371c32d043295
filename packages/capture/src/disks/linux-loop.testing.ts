/**
 * Tests only: loop devices that vanish by themselves. The device is held open and marked to detach when its
 * last user is gone, so it goes with the process, even a killed one; the backing file is in a temporary
 * folder with the process's id in its name, which the next run removes when that process is gone.
 */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecked } from '@landfall/runtime';

export interface LoopDisk {
  readonly devicePath: string;
  readonly backingPath: string;
  readonly sizeBytes: number;
}

export interface LoopDisks {
  readonly disks: readonly LoopDisk[];
  readonly folder: string;
  remove(): void;
}

const PREFIX = 'landfall-capture-';

/** A reason why loop devices cannot be used here, for tests to skip with. */
export function whyNoLoopDevices(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    closeSync(openSync('/dev/loop-control', 'r'));
    return false;
  } catch (error) {
    return `needs loop devices: ${error instanceof Error ? error.message : error}`;
  }
}

export async function createLoopDisks(sizesBytes: readonly number[]): Promise<LoopDisks> {
  removeLeftovers();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const disks: LoopDisk[] = [];
  const files: number[] = [];
  const remove = () => {
    for (const file of files.splice(0)) closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const [index, sizeBytes] of sizesBytes.entries()) {
      const backingPath = join(folder, `disk-${index}.img`);
      writeFileSync(backingPath, '');
      truncateSync(backingPath, sizeBytes);
      const made = await runChecked(['losetup', '--find', '--show', '--direct-io=on', backingPath]);
      const devicePath = made.stdout.trim();
      files.push(openSync(devicePath, 'r'));
      await runChecked(['losetup', '--detach', devicePath]);
      disks.push({ devicePath, backingPath, sizeBytes });
    }
    return { disks, folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Folders of processes that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? /^(\d+)-/.exec(name.slice(PREFIX.length))?.[1] : undefined;
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}
