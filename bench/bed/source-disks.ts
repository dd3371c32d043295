/** The disks of the server that is replicated: loop devices whose files lie in the benchmark's folder. */
import { randomFillSync } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MIB, runChecked } from '../../packages/runtime/src/index.ts';

const WRITE_BYTES = 4 * MIB;

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
