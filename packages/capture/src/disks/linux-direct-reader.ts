/**
 * Reads disks past the page cache (O_DIRECT), several requests at once. Direct reads want memory aligned to
 * the device's block: Node's buffers are not, so an aligned place inside a larger buffer is found by trying,
 * once, and the buffers are used again. Whoever wants to keep bytes may keep the buffer for a while: a copy
 * of everything costs a tenth of the processor time of a first sync.
 *
 * Side effect of the kernel: a direct read first flushes what the page cache of the device node holds of its
 * range.
 */
import { close, constants, open, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { assert, BufferPool, OperationError, systemErrorCode } from '@landfall/runtime';
import type { DiskRange, DiskReader } from '../tracing/trace-source.ts';

/**
 * For each of Node's threads: one that finds its next request waiting need not be woken, and waking is what
 * a small read costs most. With one request a thread, 8,000 writes a second were followed; with four, 10,000.
 */
const READS_PER_THREAD = 4;
const THREADS_MAX = 16;
const THREADS_DEFAULT = 4;
const SLOT_BYTES = 1024 * 1024;
/** Most reads are of single blocks: so many buffers of the full size would take memory for nothing. */
const SMALL_SLOT_BYTES = 64 * 1024;
/** What a sender may hold: two batches read, and what is on its way. */
const KEPT_MAX = 24;
/** Enough to learn whether the device takes the address. */
const TRIAL_BYTES = 4096;
const ALIGNMENT_BYTES = 4096;
/** Memory from malloc is aligned to this at least. */
const ALIGNMENT_STEP_BYTES = 16;

export interface DirectReaderDisk {
  readonly deviceName: string;
  readonly sizeBytes: number;
}

/** Errors: DISK_NOT_FOUND, DISK_UNREADABLE. */
export async function openDirectReader(
  disks: readonly DirectReaderDisk[],
  readsInFlightMax = readsInFlightDefault(),
): Promise<DiskReader> {
  const files: number[] = [];
  try {
    for (const disk of disks) files.push(await openDisk(disk));
    const reader = createReader(disks, files, readsInFlightMax);
    for (const [diskIndex, disk] of disks.entries())
      await reader.read(beginningOf(disk, diskIndex), () => undefined);
    return reader;
  } catch (error) {
    for (const file of files) await promisify(close)(file);
    throw error;
  }
}

function readsInFlightDefault(): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE) || THREADS_DEFAULT;
  return READS_PER_THREAD * Math.min(THREADS_MAX, threads);
}

function createReader(
  disks: readonly DirectReaderDisk[],
  files: readonly number[],
  readsInFlightMax: number,
): DiskReader {
  const poolOf = (unitBytes: number, freeMax: number) =>
    new BufferPool({ unitBytes, freeMax, allocate: () => alignedSlot(disks, files, unitBytes) });
  const small = poolOf(SMALL_SLOT_BYTES, readsInFlightMax);
  const large = poolOf(SLOT_BYTES, THREADS_MAX + KEPT_MAX);
  return {
    readsInFlightMax,
    async read(range, use) {
      const disk = disks[range.diskIndex];
      const file = files[range.diskIndex];
      assert(disk !== undefined && file !== undefined, 'a read names one of the disks');
      const slot =
        range.lengthBytes <= SMALL_SLOT_BYTES ? small.take(SMALL_SLOT_BYTES) : large.take(SLOT_BYTES);
      let isKept = false;
      const keep = () => {
        isKept = true;
        return slot.release;
      };
      try {
        return await readInto(file, slot.bytes, range, (bytes) => use(bytes, keep));
      } catch (cause) {
        throw unreadable(disk.deviceName, cause, range);
      } finally {
        if (!isKept) slot.release();
      }
    },
    async close() {
      for (const file of files) await promisify(close)(file);
    },
  };
}

function readInto<Result>(
  file: number,
  slot: Buffer,
  range: DiskRange,
  use: (bytes: Buffer) => Result,
): Promise<Result> {
  const { offsetBytes, lengthBytes } = range;
  assert(lengthBytes > 0 && lengthBytes <= slot.length, 'a read fits its slot');
  return new Promise((resolve, reject) => {
    read(file, slot, 0, lengthBytes, offsetBytes, (error, count) => {
      if (error !== null) return reject(error);
      if (count !== lengthBytes) return reject(new Error(`${count} of ${lengthBytes} bytes came`));
      try {
        resolve(use(slot.subarray(0, lengthBytes)));
      } catch (useError) {
        reject(useError);
      }
    });
  });
}

async function openDisk({ deviceName }: DirectReaderDisk): Promise<number> {
  try {
    return await promisify(open)(deviceName, constants.O_RDONLY | constants.O_DIRECT);
  } catch (cause) {
    if (systemErrorCode(cause) !== 'ENOENT') throw unreadable(deviceName, cause);
    throw new OperationError('DISK_NOT_FOUND', `${deviceName} cannot be opened: there is no such device`, {
      hint: 'list the disks of this machine with lsblk and name one of them',
      context: { device: deviceName },
      cause,
    });
  }
}

function beginningOf({ sizeBytes }: DirectReaderDisk, diskIndex: number): DiskRange {
  return { diskIndex, offsetBytes: 0, lengthBytes: Math.min(TRIAL_BYTES, sizeBytes) };
}

/** Good for every one of the disks. */
function alignedSlot(
  disks: readonly DirectReaderDisk[],
  files: readonly number[],
  slotBytes: number,
): Buffer {
  const memory = Buffer.allocUnsafeSlow(slotBytes + ALIGNMENT_BYTES);
  const offset = disks.reduce(
    (from, disk, index) => alignedOffset(memory, from, disk, files[index] ?? -1),
    ALIGNMENT_BYTES - ALIGNMENT_STEP_BYTES,
  );
  return memory.subarray(offset, offset + slotBytes);
}

/**
 * The first offset, from `from` on and around, at which the device takes a direct read. Any other failure
 * than that of the address is for whoever reads next.
 */
function alignedOffset(memory: Buffer, from: number, disk: DirectReaderDisk, file: number): number {
  const length = Math.min(TRIAL_BYTES, disk.sizeBytes);
  let refusal: unknown;
  for (let tried = 0; tried < ALIGNMENT_BYTES; tried += ALIGNMENT_STEP_BYTES) {
    const offset = (from + tried) % ALIGNMENT_BYTES;
    try {
      readSync(file, memory, offset, length, 0);
      return offset;
    } catch (error) {
      if (systemErrorCode(error) !== 'EINVAL') return offset;
      refusal = error;
    }
  }
  throw unreadable(disk.deviceName, refusal);
}

function unreadable(device: string, cause: unknown, range?: DiskRange): OperationError {
  const where = range === undefined ? '' : ` at offset ${range.offsetBytes}, ${range.lengthBytes} bytes`;
  const why = cause instanceof Error ? cause.message : String(cause);
  const forbidden = ['EACCES', 'EPERM'].includes(systemErrorCode(cause) ?? '');
  const hint = forbidden
    ? 'run as root, outside of containers and sandboxes that forbid access to disks'
    : `check that ${device} is still attached and healthy (dmesg); replication goes on when it is readable`;
  return new OperationError('DISK_UNREADABLE', `${device} cannot be read${where}: ${why}`, {
    hint,
    retryable: true,
    context: { device, offsetBytes: range?.offsetBytes },
    cause,
  });
}
