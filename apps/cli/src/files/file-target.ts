/**
 * Where what is fetched goes: written beside it under a name of its own, and given the right name when it is
 * whole. So it is there completely or not at all, and what was there stays until then.
 */
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { OperationError, syncFolder, systemErrorCode, systemRandom } from '@landfall/runtime';

export class FileTarget {
  readonly path: string;
  /** Where it is written until it is whole. */
  readonly temporary: string;
  readonly #replaces: boolean;

  constructor(path: string, replaces: boolean) {
    this.path = resolve(path);
    const mark = systemRandom.uuid().slice(0, 8);
    this.temporary = join(dirname(this.path), `.${basename(this.path).slice(0, 100)}.${mark}.partial`);
    this.#replaces = replaces;
  }

  /** Errors: FILES_TARGET_EXISTS. */
  async check(): Promise<void> {
    if (this.#replaces || !(await exists(this.path))) return;
    throw new OperationError('FILES_TARGET_EXISTS', `${this.path} is there already`, {
      hint: 'fetch to another place with --to, or say --force to replace it',
    });
  }

  async createFolder(): Promise<void> {
    await this.#usable(() => mkdir(this.temporary, { mode: 0o700 }));
  }

  async createFile() {
    return this.#usable(() => open(this.temporary, 'wx', 0o600));
  }

  /** Errors: FILES_TARGET_EXISTS, FILES_TARGET_UNUSABLE. */
  async complete(): Promise<void> {
    await this.check();
    await this.#usable(async () => {
      const aside = `${this.temporary}.replaced`;
      const isThere = await exists(this.path);
      if (isThere) await rename(this.path, aside);
      await rename(this.temporary, this.path);
      await syncFolder(dirname(this.path));
      if (isThere) await rm(aside, { recursive: true, force: true });
    });
  }

  /** What was not completed is gone. */
  async release(): Promise<void> {
    await rm(this.temporary, { recursive: true, force: true });
  }

  async #usable<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new OperationError('FILES_TARGET_UNUSABLE', `cannot write ${this.path}: ${why}`, {
        hint: 'name a place with --to whose folder exists and that you may write to',
        cause,
      });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
