/**
 * The disks of the server that is replicated: loop devices whose files lie in the benchmark's folder, or in
 * memory where the speed of a disk is not what is measured.
 */
import { randomFillSync } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { basename, join } from 'node:path';
import { GIB, MIB, OperationError, runChecked } from '../../packages/runtime/src/index.ts';

const WRITE_BYTES = 4 * MIB;
/** For the programs under test. */
const MEMORY_LEFT_BYTES = GIB;

/** A disk that was never written. */
export async function attachSparse(folder: string, name: string, sizeBytes: number): Promise<string> {
  const path = join(folder, `${name}.disk`);
  const file = await open(path, 'w');
  await file.truncate(sizeBytes);
  await file.close();
  const attached = await runChecked(['losetup', '--find', '--show', '--direct-io=on', path]);
  return attached.stdout.trim();
}

/** A disk every block of which holds other random bytes: nothing to skip, nothing to compress. */
export async function attachRandom(folder: string, name: string, sizeBytes: number): Promise<string> {
  const device = await attachSparse(folder, name, sizeBytes);
  const file = await open(device, 'r+');
  try {
    await writeRandom(file, sizeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await dropCached(device);
  return device;
}

/** A folder in the benchmark's folder for files of `sizeBytes` altogether, kept in memory. */
export async function mountMemory(folder: string, sizeBytes: number): Promise<string> {
  if (freemem() < sizeBytes + MEMORY_LEFT_BYTES) throw memoryMissing(sizeBytes + MEMORY_LEFT_BYTES);
  const mountPoint = join(folder, 'memory');
  await mkdir(mountPoint, { recursive: true });
  await runChecked(['mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', mountPoint]);
  return mountPoint;
}

function memoryMissing(neededBytes: number): OperationError {
  const gib = (bytes: number) => (bytes / GIB).toFixed(1);
  const message = `the benchmark needs ${gib(neededBytes)} GiB of memory; ${gib(freemem())} GiB are free`;
  return new OperationError('BENCHMARK_ROOM_MISSING', message, {
    hint: 'end other programs, or use a smaller disk: --size-gib',
  });
}

export async function writeRandom(file: FileHandle, lengthBytes: number): Promise<void> {
  const chunk = Buffer.allocUnsafeSlow(WRITE_BYTES);
  for (let at = 0; at < lengthBytes; at += chunk.length) {
    randomFillSync(chunk);
    await file.write(chunk, 0, Math.min(chunk.length, lengthBytes - at), at);
  }
}

/** Nobody reads the disk from memory because somebody else had read it before. */
export async function dropCached(device: string): Promise<void> {
  await runChecked(['blockdev', '--flushbufs', device]);
}

/** Bytes read from the device since it was attached; source: Documentation/block/stat.rst, field 3. */
export async function bytesReadFrom(device: string): Promise<number> {
  const text = await readFile(`/sys/block/${basename(device)}/stat`, 'utf8');
  return Number(text.trim().split(/\s+/)[2]) * 512;
}
