/** Views for the conformance suite: nbdkit serves images, most random with a guest in their first sector. */
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked, systemErrorCode } from '../packages/runtime/src/index.ts';
import { bootSector, type GuestAction } from './boot-sector.ts';

interface ServedImage {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly imagePath: string;
}

export class MachineView {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly imagePath: string;
  readonly #folder: string;

  private constructor(folder: string, { diskId, sizeBytes, imagePath }: ServedImage) {
    this.#folder = folder;
    this.diskId = diskId;
    this.sizeBytes = sizeBytes;
    this.imagePath = imagePath;
  }

  static async serveImage(folder: string, image: ServedImage): Promise<MachineView> {
    const view = new MachineView(folder, image);
    await view.begin();
    return view;
  }

  static async serve(
    folder: string,
    disk: { readonly diskId: string; readonly sizeBytes: number; readonly action: GuestAction },
  ): Promise<MachineView> {
    const imagePath = join(folder, `${disk.diskId}.raw`);
    const image = randomBytes(disk.sizeBytes);
    bootSector(disk.sizeBytes, disk.action).copy(image);
    await writeFile(imagePath, image);
    return await MachineView.serveImage(folder, { ...disk, imagePath });
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

  /** By the server, of the image and of little else: every byte that was asked of it since it began. */
  async bytesRead(): Promise<number> {
    const pid = (await readFile(this.#path('pid'), 'utf8')).trim();
    return Number(/^rchar: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);
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
