/**
 * A block device over a regular file. Sparse aware without SEEK_HOLE, which Node does not offer:
 * - a file whose blocks cover its size has no holes, and is said to have none without reading it;
 * - of any other file zeroes are found by reading (a hole costs no disk access), so `zero` may also be true
 * for zeroes
 *   that do take space;
 * - `writeZeroes` writes only where something else than zeroes is, so that holes stay holes.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { OperationError } from '@landfall/runtime';
import type { AllocationExtent, BlockDevice, ReadableBlockDevice } from './block-device.ts';
import { assertWithin } from './bounds.ts';
import { appendExtent, zeroRuns } from './zero-runs.ts';

const SCAN_CHUNK_BYTES = 1024 * 1024;
const GRANULE_BYTES = 64 * 1024;
/** `stat.blocks` counts these, whatever the file system's own block size is. */
const STAT_BLOCK_BYTES = 512;

/** Opens an existing regular file for reading only. Errors: FILE_DEVICE_UNUSABLE. */
export async function openReadableFileDevice(path: string): Promise<ReadableFileDevice> {
  return openWith(path, 'r', (file) => new ReadableFileDevice(file));
}

/** Opens an existing regular file for reading and writing. Errors: FILE_DEVICE_UNUSABLE. */
export async function openFileDevice(path: string): Promise<FileDevice> {
  return openWith(path, 'r+', (file) => new FileDevice(file));
}

/** Creates a file of `sizeBytes` that is one hole; it must not exist yet. Errors: FILE_DEVICE_UNUSABLE. */
export async function createFileDevice(path: string, sizeBytes: number): Promise<FileDevice> {
  return openWith(path, 'wx+', (file) => new FileDevice(file), sizeBytes);
}

interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly sparse: boolean;
}

async function openWith<Device>(
  path: string,
  flags: string,
  make: (file: OpenFile) => Device,
  createdSizeBytes?: number,
): Promise<Device> {
  const handle = await open(path, flags, 0o600).catch((cause) => {
    throw unusable(path, `it cannot be opened: ${cause.message}`, cause);
  });
  try {
    if (createdSizeBytes !== undefined) await handle.truncate(createdSizeBytes);
    return make(await inspect(path, handle));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function inspect(path: string, handle: FileHandle): Promise<OpenFile> {
  const status = await handle.stat();
  if (!status.isFile()) throw unusable(path, 'it is not a regular file');
  const sparse = status.blocks * STAT_BLOCK_BYTES < status.size;
  return { path, handle, sizeBytes: status.size, sparse };
}

function unusable(path: string, why: string, cause?: unknown): OperationError {
  return new OperationError('FILE_DEVICE_UNUSABLE', `${path} cannot be used as a disk: ${why}`, {
    hint: 'check the path, its permissions, and that it is a regular file',
    context: { path },
    cause,
  });
}

export class ReadableFileDevice implements ReadableBlockDevice {
  readonly sizeBytes: number;
  protected readonly file: OpenFile;

  constructor(file: OpenFile) {
    this.file = file;
    this.sizeBytes = file.sizeBytes;
  }

  async read(offsetBytes: number, target: Buffer): Promise<void> {
    assertWithin(this.sizeBytes, offsetBytes, target.length);
    let done = 0;
    while (done < target.length) {
      const { handle } = this.file;
      const { bytesRead } = await handle.read(target, done, target.length - done, offsetBytes + done);
      if (bytesRead === 0) throw this.#truncated(offsetBytes + done);
      done += bytesRead;
    }
  }

  async allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    assertWithin(this.sizeBytes, offsetBytes, lengthBytes);
    if (lengthBytes === 0) return [];
    if (!this.file.sparse) return [{ offsetBytes, lengthBytes, zero: false }];
    const extents: AllocationExtent[] = [];
    for await (const run of this.scan(offsetBytes, lengthBytes)) appendExtent(extents, run);
    return extents;
  }

  async close(): Promise<void> {
    await this.file.handle.close();
  }

  /** Reads the range and tells what is zero in it. */
  protected async *scan(offsetBytes: number, lengthBytes: number): AsyncGenerator<AllocationExtent> {
    const chunk = Buffer.allocUnsafe(Math.min(SCAN_CHUNK_BYTES, lengthBytes));
    for (let done = 0; done < lengthBytes; done += chunk.length) {
      const content = chunk.subarray(0, Math.min(chunk.length, lengthBytes - done));
      await this.read(offsetBytes + done, content);
      yield* zeroRuns(content, offsetBytes + done, GRANULE_BYTES);
    }
  }

  #truncated(offsetBytes: number): OperationError {
    const { path } = this.file;
    return new OperationError('FILE_DEVICE_TRUNCATED', `${path} ended at ${offsetBytes} while it was read`, {
      hint: 'something made the file shorter while it was in use: find out what, and restore it',
      context: { path, offsetBytes, sizeBytes: this.sizeBytes },
    });
  }
}

const ZEROES = Buffer.alloc(SCAN_CHUNK_BYTES);

export class FileDevice extends ReadableFileDevice implements BlockDevice {
  async write(offsetBytes: number, source: Buffer): Promise<void> {
    assertWithin(this.sizeBytes, offsetBytes, source.length);
    let done = 0;
    while (done < source.length) {
      const { handle } = this.file;
      const { bytesWritten } = await handle.write(source, done, source.length - done, offsetBytes + done);
      done += bytesWritten;
    }
  }

  async writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    assertWithin(this.sizeBytes, offsetBytes, lengthBytes);
    for await (const run of this.scan(offsetBytes, lengthBytes)) {
      if (!run.zero) await this.write(run.offsetBytes, ZEROES.subarray(0, run.lengthBytes));
    }
  }

  async flush(): Promise<void> {
    await this.file.handle.datasync();
  }
}
