/**
 * Tests only, a process of its own: writes numbered stamps with direct I/O to disk A, then to disk B, for
 * ever (60 s at most). The order is known: block n of A, header n of A, block n of B, header n of B. Each
 * sector holds its stamp. Between stamps it writes noise elsewhere, several requests at once, also over each
 * other.
 */
import { constants, openSync, read, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

export const STAMP_BLOCKS = 64;
export const STAMP_BLOCK_BYTES = 4096;
const SECTOR = 512;
const RUN_MS_MAX = 60_000;
const NOISE_FROM_BLOCK = 1024;
const NOISE_BLOCKS = 2048;

/** Memory at an address that direct I/O takes, found by trying. */
async function alignedBlock(file: number): Promise<Buffer> {
  const memory = Buffer.alloc(STAMP_BLOCK_BYTES * 2);
  for (let offset = 0; offset < STAMP_BLOCK_BYTES; offset += 16) {
    try {
      await promisify(read)(file, memory, offset, STAMP_BLOCK_BYTES, 0);
      return memory.subarray(offset, offset + STAMP_BLOCK_BYTES);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
    }
  }
  throw new Error('no aligned memory');
}

async function stamp(file: number, memory: Buffer, block: number, value: number): Promise<void> {
  for (let at = 0; at < memory.length; at += SECTOR) memory.writeUInt32LE(value, at);
  await promisify(write)(file, memory, 0, memory.length, block * STAMP_BLOCK_BYTES);
}

async function writeNoise(
  files: readonly number[],
  memories: readonly Buffer[],
  round: number,
): Promise<void> {
  const writes = memories.map((memory, index) => {
    const file = files[index % files.length] ?? -1;
    const random = Math.imul(round * memories.length + index, 0x9e3779b1) >>> 16;
    return stamp(file, memory, NOISE_FROM_BLOCK + (random % NOISE_BLOCKS), round);
  });
  await Promise.all(writes);
}

async function main(paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => openSync(path, constants.O_RDWR | constants.O_DIRECT));
  const [first = -1, second = first] = files;
  const memory = await alignedBlock(first);
  const noise = await Promise.all(Array.from({ length: 3 }, () => alignedBlock(first)));
  const endMs = Date.now() + RUN_MS_MAX;
  for (let value = 1; Date.now() < endMs; value += 1) {
    for (const file of [first, second]) {
      await stamp(file, memory, 1 + (value % STAMP_BLOCKS), value);
      await stamp(file, memory, 0, value);
    }
    await writeNoise(files, noise, value);
    if (value === 1) writeSync(1, 'started\n');
  }
}

if (process.argv[2] === 'write') await main(process.argv.slice(3));
