/**
 * The files an export writes. Each is claimed under a temporary name before anything is copied, so that of
 * two exports to one place one is refused, and gets its own name when all of them are whole and durable: an
 * image is there completely or not at all.
 */
import { access, open, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, OperationError, syncFolder, systemErrorCode } from '@landfall/runtime';

const CLAIM_SUFFIX = '.partial';

/** Gives a file its name. */
type Move = (from: string, to: string) => Promise<void>;

export class ImageClaim {
  readonly #folder: string;
  readonly #names: readonly string[];
  readonly #move: Move;
  readonly #claimed: string[] = [];

  private constructor(folder: string, names: readonly string[], move: Move) {
    this.#folder = folder;
    this.#names = names;
    this.#move = move;
  }

  /** Errors: EXPORT_TARGET_EXISTS, EXPORT_FOLDER_UNUSABLE. */
  static async take(folder: string, names: readonly string[], move: Move = rename): Promise<ImageClaim> {
    const claim = new ImageClaim(folder, names, move);
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

  /**
   * All images are whole: resolves to their paths when they are durable. Errors: EXPORT_TARGET_EXISTS,
   * EXPORT_FOLDER_UNUSABLE.
   */
  async complete(): Promise<readonly string[]> {
    for (const name of this.#names) await syncFile(this.pathOf(name));
    for (const name of this.#names) await this.#checkFree(name);
    await this.#nameAll();
    this.#claimed.length = 0;
    await syncFolder(this.#folder);
    return this.#names.map((name) => join(this.#folder, name));
  }

  /** All of them, or none: whoever finds one image of a server takes the others to be there, too. */
  async #nameAll(): Promise<void> {
    const named: string[] = [];
    try {
      for (const name of this.#names) {
        const path = join(this.#folder, name);
        await this.#checkFree(name);
        await this.#move(this.pathOf(name), path);
        named.push(path);
      }
    } catch (error) {
      for (const path of named) await rm(path);
      throw error instanceof OperationError ? error : unusable(this.#folder, error);
    }
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
