/** Views for the conformance suite: nbdkit serves random disks with a guest in their first sector. */
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked, systemErrorCode } from '../packages/runtime/src/index.ts';
import { bootSector, type GuestAction } from './boot-sector.ts';

export class MachineView {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly imagePath: string;
  readonly #folder: string;

  private constructor(folder: string, diskId: string, sizeBytes: number) {
    this.#folder = folder;
    this.diskId = diskId;
    this.sizeBytes = sizeBytes;
    this.imagePath = join(folder, `${diskId}.raw`);
  }

  static async serve(
    folder: string,
    disk: { readonly diskId: string; readonly sizeBytes: number; readonly action: GuestAction },
  ): Promise<MachineView> {
    const view = new MachineView(folder, disk.diskId, disk.sizeBytes);
    const image = randomBytes(disk.sizeBytes);
    bootSector(disk.sizeBytes, disk.action).copy(image);
    await writeFile(view.imagePath, image);
    await view.begin();
    return view;
  }

  get nbdUri(): string {
    return `nbd+unix:///${this.diskId}?socket=${this.#path('sock')}`;
  }

  async begin(): Promise<void> {
    await rm(this.#path('sock'), { force: true });
    const options = ['-r', '-U', this.#path('sock'), '-P', this.#path('pid'), '--filter=error'];
    const faults = ['error-pread=EIO', 'error-pread-rate=100%', `error-pread-file=${this.#path('fault')}`];
    await runChecked(['nbdkit', ...options, 'file', this.imagePath, ...faults]);
  }

  /** Every read fails until `mend`. */
  async break(): Promise<void> {
    await writeFile(this.#path('fault'), '');
  }

  async mend(): Promise<void> {
    await rm(this.#path('fault'), { force: true });
  }

  /** Ends the server. */
  async end(): Promise<void> {
    try {
      process.kill(Number(await readFile(this.#path('pid'), 'utf8')), 'SIGKILL');
    } catch (error) {
      if (systemErrorCode(error) !== 'ESRCH') throw error;
    }
  }

  #path(ending: string): string {
    return join(this.#folder, `${this.diskId}.${ending}`);
  }
}
