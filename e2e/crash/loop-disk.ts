/**
 * A file as a block device that vanishes by itself: held open and marked to detach when its last user is
 * gone, so it goes with this process, even a killed one.
 */
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { MIB } from '../../packages/runtime/src/index.ts';
import { runToolChecked } from './patient-tool.ts';

export interface LoopDisk {
  readonly device: string;
  readonly file: string;
  detach(): void;
}

export async function createLoopDisk(file: string, sizeMib: number): Promise<LoopDisk> {
  const handle = await open(file, 'w');
  await handle.truncate(sizeMib * MIB);
  await handle.close();
  return attachLoopDisk(file);
}

export async function attachLoopDisk(file: string): Promise<LoopDisk> {
  const attached = await runToolChecked(['losetup', '--find', '--show', '--direct-io=on', file]);
  const device = attached.stdout.trim();
  const holder = openSync(device, 'r');
  await runToolChecked(['losetup', '--detach', device]);
  return { device, file, detach: () => closeSync(holder) };
}
