/**
 * The files an export writes. Each is claimed under a temporary name before anything is copied, so that of
 * two exports to one place one is refused, and gets its own name when all of them are whole and durable: an
 * image is there completely or not at all.
 */
import { access, open, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, OperationError, syncFolder, systemErrorCode } from '@landfall/runtime';

const CLAIM_SUFFIX = '.partial';

export class ImageClaim {
  readonly #folder: string;
  readonly #names: readonly string[];
  readonly #claimed: string[] = [];

  private constructor(folder: string, names: readonly string[]) {
    this.#folder = folder;
    this.#names = names;
  }

  /** Errors: EXPORT_TARGET_EXISTS, EXPORT_FOLDER_UNUSABLE. */
  static async take(folder: string, names: readonly string[]): Promise<ImageClaim> {
    const claim = new ImageClaim(folder, names);
    try {
      for (const name of names) await claim.#take(name);
      return claim;
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  /** Where the image is written until it is whole. */
  pathOf(name: string): string {
    return join(this.#folder, `${name}${CLAIM_SUFFIX}`);
  }

  /** Errors: EXPORT_NO_SPACE. */
  async checkSpace(neededBytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    const freeBytes = bavail * bsize;
    if (neededBytes <= freeBytes) return;
    const figures = `the images take up to ${formatBytes(neededBytes)}, ${formatBytes(freeBytes)} are free`;
    throw new OperationError('EXPORT_NO_SPACE', `${this.#folder} is too small: ${figures}`, {
      hint: 'free space there, export to another folder, fewer disks (--disk), or try --compress',
    });
  }

  /** All images are whole: resolves to their paths when they are durable. Errors: EXPORT_TARGET_EXISTS. */
  async complete(): Promise<readonly string[]> {
    for (const name of this.#names) await syncFile(this.pathOf(name));
    for (const name of this.#names) await this.#checkFree(name);
    for (const name of this.#names) await rename(this.pathOf(name), join(this.#folder, name));
    this.#claimed.length = 0;
    await syncFolder(this.#folder);
    return this.#names.map((name) => join(this.#folder, name));
  }

  /** What was not completed is gone. */
  async release(): Promise<void> {
    for (const name of this.#claimed) await rm(this.pathOf(name), { force: true });
  }

  async #take(name: string): Promise<void> {
    await this.#checkFree(name);
    try {
      await (await open(this.pathOf(name), 'wx', 0o600)).close();
    } catch (cause) {
      if (systemErrorCode(cause) === 'EEXIST') throw beingWritten(this.pathOf(name));
      throw unusable(this.#folder, cause);
    }
    this.#claimed.push(name);
  }

  async #checkFree(name: string): Promise<void> {
    const path = join(this.#folder, name);
    try {
      await access(path);
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return;
      throw unusable(this.#folder, cause);
    }
    throw new OperationError('EXPORT_TARGET_EXISTS', `${path} is there already`, {
      hint: 'remove it, or export to another folder: nothing is overwritten',
    });
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function beingWritten(path: string): OperationError {
  return new OperationError('EXPORT_TARGET_EXISTS', `${path} is there: another export is writing it`, {
    hint: 'wait for it; if none is running, one was killed: then remove the file',
  });
}

function unusable(folder: string, cause: unknown): OperationError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new OperationError('EXPORT_FOLDER_UNUSABLE', `cannot write to ${folder}: ${why}`, {
    hint: 'name a folder with --to that exists and that you may write to',
    cause,
  });
}
