/**
 * A process of its own: writes numbered 4 KiB blocks with direct I/O at a fixed rate, one after the other,
 * and notes when each was begun and when the disk acknowledged it, in nanoseconds of CLOCK_MONOTONIC, the
 * clock of the cuts. Write n goes to block n modulo STAMP_BLOCKS and carries n. At its end it leaves the
 * times in a file: begin and acknowledgement of each write, 16 bytes a write.
 *
 *   node stamped-writer.ts DEVICE TIMES-FILE WRITES-PER-SECOND SECONDS
 */
import { closeSync, constants, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { systemClock, systemErrorCode } from '../../packages/runtime/src/index.ts';

export const STAMP_BLOCKS = 4096;
export const STAMP_BLOCK_BYTES = 4096;
export const TIMES_BYTES = 16;

/** Memory at an address that direct I/O takes, found by trying. */
function alignedBlock(file: number): Buffer {
  const memory = Buffer.alloc(STAMP_BLOCK_BYTES * 2);
  for (let offset = 0; offset < STAMP_BLOCK_BYTES; offset += 16) {
    try {
      readSync(file, memory, offset, STAMP_BLOCK_BYTES, 0);
      return memory.subarray(offset, offset + STAMP_BLOCK_BYTES);
    } catch (error) {
      if (systemErrorCode(error) !== 'EINVAL') throw error;
    }
  }
  throw new Error('no aligned memory');
}

async function main([device = '', timesPath = '', ...numbers]: readonly string[]): Promise<void> {
  const [writesPerSecond = 0, seconds = 0] = numbers.map(Number);
  const file = openSync(device, constants.O_RDWR | constants.O_DIRECT);
  const memory = alignedBlock(file);
  const writeCount = writesPerSecond * seconds;
  const times = Buffer.alloc(writeCount * TIMES_BYTES);
  const startNs = systemClock.monotonicNs();
  const dueNs = (stamp: number) => startNs + (BigInt(stamp) * 1_000_000_000n) / BigInt(writesPerSecond);
  for (let stamp = 0; stamp < writeCount; stamp += 1) {
    while (systemClock.monotonicNs() < dueNs(stamp)) await systemClock.sleep(1);
    memory.fill(stamp % 251);
    memory.writeUInt32LE(stamp + 1, 0);
    times.writeBigUInt64LE(systemClock.monotonicNs(), stamp * TIMES_BYTES);
    writeSync(file, memory, 0, memory.length, (stamp % STAMP_BLOCKS) * STAMP_BLOCK_BYTES);
    times.writeBigUInt64LE(systemClock.monotonicNs(), stamp * TIMES_BYTES + 8);
  }
  closeSync(file);
  writeFileSync(timesPath, times);
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
