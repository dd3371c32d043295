/**
 * A disk as a running server has it after some years, mounted: half of it files, a quarter free space that
 * still holds what was deleted from it, a quarter that was never written. Half of the bytes are those of this
 * machine's own /usr (programs, libraries, texts), half are random (media, archives, what is encrypted).
 */
import { randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB, runChecked } from '../../packages/runtime/src/index.ts';
import type { Bench } from './benchmark.ts';
import { attachSparse, dropCached } from './source-disks.ts';

const FILE_BYTES = 16 * MIB;
const CHUNK_BYTES = MIB;
const MAKE_TIMEOUT_MS = 10 * 60_000;

export interface FileSystemDisk {
  readonly device: string;
  readonly sizeBytes: number;
  readonly mountPoint: string;
}

export async function attachFileSystem(bench: Bench, sizeBytes: number): Promise<FileSystemDisk> {
  const device = await attachSparse(bench.folder, 'file-system', sizeBytes);
  await runChecked(['mkfs.ext4', '-q', '-F', '-m', '0', device], { timeoutMs: MAKE_TIMEOUT_MS });
  const mountPoint = join(bench.folder, 'file-system');
  await mkdir(mountPoint, { recursive: true });
  await runChecked(['mount', '-o', 'nodiscard,noatime', device, mountPoint]);
  const content = mixedChunks();
  // Interleaved, so that what is deleted lies between what stays, as on a disk that was used.
  const fileCount = Math.floor((sizeBytes * 0.75) / FILE_BYTES);
  for (let index = 0; index < fileCount; index += 1) {
    await writeFileOf(join(mountPoint, nameOf(index)), content);
  }
  await runChecked(['sync', '--file-system', mountPoint], { timeoutMs: MAKE_TIMEOUT_MS });
  for (let index = 0; index < fileCount; index += 1) {
    if (isStale(index)) await rm(join(mountPoint, nameOf(index)));
  }
  await runChecked(['sync', '--file-system', mountPoint], { timeoutMs: MAKE_TIMEOUT_MS });
  await dropCached(device);
  return { device, sizeBytes, mountPoint };
}

/** Every third file: a quarter of the disk, of the three quarters that are written. */
function isStale(index: number): boolean {
  return index % 3 === 2;
}

function nameOf(index: number): string {
  return `file-${String(index).padStart(5, '0')}`;
}

async function writeFileOf(path: string, content: AsyncGenerator<Buffer>): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let at = 0; at < FILE_BYTES; at += CHUNK_BYTES) {
      const next = await content.next();
      await file.write(next.value, 0, CHUNK_BYTES, at);
    }
  } finally {
    await file.close();
  }
}

/** A MiB of files, a MiB of random bytes, for ever. */
async function* mixedChunks(): AsyncGenerator<Buffer, never> {
  const random = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (;;) {
    for await (const chunk of usrChunks()) {
      yield chunk;
      randomFillSync(random);
      yield random;
    }
  }
}

async function* usrChunks(): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let filled = 0;
  for await (const path of filesIn('/usr')) {
    for await (const piece of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      for (let taken = 0; taken < piece.length; ) {
        const copied = piece.copy(chunk, filled, taken);
        taken += copied;
        filled += copied;
        if (filled < CHUNK_BYTES) continue;
        yield chunk;
        filled = 0;
      }
    }
  }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}
