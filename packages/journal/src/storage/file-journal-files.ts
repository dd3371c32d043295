/** The file system as the journal sees it. Contract: `journal-files.ts`. */
import type { FileHandle } from 'node:fs/promises';
import { lstat, open, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, syncFolder, systemErrorCode, writeDurably } from '@landfall/runtime';
import { lengthOf, piecesOf } from './buffer-parts.ts';
import { lockFolder } from './file-journal-lock.ts';
import type { JournalFile, JournalFiles } from './journal-files.ts';

const FILE_MODE = 0o600;
const BLOCK_BYTES = 512;
/**
 * Every write wakes a thread: in pieces of 256 KiB appending took a fifth more processor time. Measured on
 * ext4, Linux 6.18; where the pieces begin in the file made no difference.
 */
const WRITE_BYTES_MAX = 1024 * 1024;

export class FileJournalFiles implements JournalFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async create(path: string): Promise<JournalFile> {
    return new NodeJournalFile(await open(this.#path(path), 'w+', FILE_MODE));
  }

  async open(path: string): Promise<JournalFile> {
    return new NodeJournalFile(await open(this.#path(path), 'r+'));
  }

  async readWhole(path: string): Promise<Buffer | undefined> {
    return unlessMissing(() => readFile(this.#path(path)), undefined);
  }

  async replace(path: string, content: string): Promise<void> {
    await writeDurably(this.#path(path), content, FILE_MODE);
  }

  async ensureFolder(path: string): Promise<void> {
    await ensureFolder(this.#path(path));
  }

  async list(path: string): Promise<string[]> {
    return (await unlessMissing(() => readdir(this.#path(path)), [])).toSorted();
  }

  async syncFolder(path: string): Promise<void> {
    await syncFolder(this.#path(path));
  }

  async remove(path: string): Promise<void> {
    await rm(this.#path(path), { recursive: true, force: true });
  }

  async allocatedBytes(path = ''): Promise<number> {
    return allocatedBytes(this.#path(path));
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }

  lock(): Promise<() => Promise<void>> {
    return lockFolder(this.#folder);
  }

  #path(path: string): string {
    return path === '' ? this.#folder : join(this.#folder, path);
  }
}

class NodeJournalFile implements JournalFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async sizeBytes(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(positionBytes: number, target: Buffer): Promise<number> {
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await this.#handle.read(target, done, target.length - done, positionBytes + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async readParts(positionBytes: number, parts: readonly Buffer[]): Promise<boolean> {
    const wanted = parts.reduce((sum, part) => sum + part.length, 0);
    const { bytesRead } = await this.#handle.readv(parts, positionBytes);
    return bytesRead === wanted || this.#readPartsOneByOne(positionBytes, parts);
  }

  /** A read of many parts may stop anywhere; this one stops only at the end of the file. */
  async #readPartsOneByOne(positionBytes: number, parts: readonly Buffer[]): Promise<boolean> {
    let position = positionBytes;
    for (const part of parts) {
      if ((await this.read(position, part)) < part.length) return false;
      position += part.length;
    }
    return true;
  }

  async write(positionBytes: number, parts: readonly Buffer[]): Promise<void> {
    let position = positionBytes;
    for (const piece of piecesOf(parts, WRITE_BYTES_MAX)) position += await this.#writePiece(position, piece);
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#handle.truncate(sizeBytes);
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Resolves to the number of bytes it has. */
  async #writePiece(positionBytes: number, parts: readonly Buffer[]): Promise<number> {
    const wanted = lengthOf(parts);
    const { bytesWritten } = await this.#handle.writev(parts, positionBytes);
    if (bytesWritten < wanted) await this.#writeRest(positionBytes, Buffer.concat(parts), bytesWritten);
    return wanted;
  }

  /** A write may stop anywhere, and says why when it is asked to go on. */
  async #writeRest(positionBytes: number, bytes: Buffer, writtenBytes: number): Promise<void> {
    for (let done = writtenBytes; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        done,
        bytes.length - done,
        positionBytes + done,
      );
      done += bytesWritten;
    }
  }
}

async function allocatedBytes(path: string): Promise<number> {
  const status = await unlessMissing(() => lstat(path), undefined);
  if (status === undefined) return 0;
  let bytes = status.blocks * BLOCK_BYTES;
  if (!status.isDirectory()) return bytes;
  for (const name of await unlessMissing(() => readdir(path), []))
    bytes += await allocatedBytes(join(path, name));
  return bytes;
}

async function unlessMissing<Result>(operation: () => Promise<Result>, otherwise: Result): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return otherwise;
    throw error;
  }
}
