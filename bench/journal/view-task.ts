/**
 * A disk that was used since its first copy, in a journal and, byte for byte the same, in a raw file; and
 * sequential reads of both. First a quarter of it is written anew as files are, in extents of a MiB as agents
 * send them; then one block of 16 KiB in 25 is changed in no order, as databases do.
 */
import { open } from 'node:fs/promises';
import {
  openReadableFileDevice,
  payloadChecksum,
  type ReadableBlockDevice,
} from '../../packages/block/src/index.ts';
import { KIB, MIB, OperationError, systemClock } from '../../packages/runtime/src/index.ts';
import {
  commitOf,
  createJournal,
  headerOf,
  openJournal,
  type Payload,
  payloadAt,
  randomPayloads,
} from './load.ts';

const EPOCH_BYTES = 16 * MIB;
const STAMP_EVERY_BYTES = 16 * KIB;
const PAYLOADS = 64;
const CHANGES = [
  { round: 1, extentBytes: MIB, every: 4 },
  { round: 2, extentBytes: 16 * KIB, every: 25 },
] as const;
const REQUEST_BYTES = MIB;
const REQUESTS_IN_FLIGHT = 4;

export interface DiskParameters {
  readonly sizeBytes: number;
  readonly rawPath: string;
}

/** Random bytes with offset and round in front of every block, so that no two blocks are equal. */
class StampedContent {
  readonly #payloads = randomPayloads(PAYLOADS, MIB);

  at(offsetBytes: number, lengthBytes: number, round: number): Payload {
    const source = payloadAt(this.#payloads, offsetBytes / STAMP_EVERY_BYTES + round);
    const bytes = Buffer.from(source.bytes.subarray(0, lengthBytes));
    for (let at = 0; at < lengthBytes; at += STAMP_EVERY_BYTES) {
      bytes.writeDoubleLE(offsetBytes + at + round, at);
    }
    return { bytes, checksum: payloadChecksum(bytes) };
  }
}

type Put = (offsetBytes: number, payload: Payload) => Promise<void>;

export async function writeDisk(folder: string, { sizeBytes, rawPath }: DiskParameters) {
  const content = new StampedContent();
  const group = await createJournal({ folder, sizeBytes });
  const raw = await open(rawPath, 'w');
  const put: Put = async (offsetBytes, payload) => {
    await group.putExtent(headerOf(offsetBytes, payload), payload.bytes);
    await raw.write(payload.bytes, 0, payload.bytes.length, offsetBytes);
  };
  for (let offset = 0; offset < sizeBytes; offset += MIB) await put(offset, content.at(offset, MIB, 0));
  await group.commit(commitOf(1, sizeBytes / MIB));
  const points: number[] = [];
  for (const { round, extentBytes, every } of CHANGES) {
    const count = Math.floor(sizeBytes / extentBytes / every);
    const extentsPerEpoch = EPOCH_BYTES / extentBytes;
    for (let index = 0; index < count; index += 1) {
      const offsetBytes = ((index * 7919) % count) * every * extentBytes;
      await put(offsetBytes, content.at(offsetBytes, extentBytes, round));
      const isLast = index + 1 === count;
      if ((index + 1) % extentsPerEpoch !== 0 && !isLast) continue;
      await group.commit(commitOf(group.lastEpoch + 1, (index % extentsPerEpoch) + 1));
    }
    points.push(group.lastEpoch);
  }
  await raw.sync();
  await raw.close();
  await group.close();
  const [filesEpoch = Number.NaN, databaseEpoch = Number.NaN] = points;
  return { filesEpoch, databaseEpoch };
}

/** Whether the view is the raw file, every byte. Errors: BENCHMARK_FAILED. */
export async function compareDisk(folder: string, { rawPath }: { readonly rawPath: string }) {
  const group = await openJournal(folder);
  const view = await group.openView(group.lastEpoch);
  const raw = await openReadableFileDevice(rawPath);
  const [left, right] = [Buffer.alloc(REQUEST_BYTES), Buffer.alloc(REQUEST_BYTES)];
  for (let offset = 0; offset < raw.sizeBytes; offset += REQUEST_BYTES) {
    await view.disks[0]?.read(offset, left);
    await raw.read(offset, right);
    if (!left.equals(right))
      throw new OperationError('BENCHMARK_FAILED', `the view is not the disk at ${offset}`);
  }
  await raw.close();
  await group.close();
  return { comparedBytes: raw.sizeBytes };
}

export async function readView(folder: string, { epoch }: { readonly epoch: number }) {
  const group = await openJournal(folder);
  const view = await group.openView(epoch);
  const [device] = view.disks;
  const bytesPerSecond = device === undefined ? Number.NaN : await readAll(device);
  await group.close();
  return { bytesPerSecond };
}

export async function readRaw(path: string) {
  const device = await openReadableFileDevice(path);
  const bytesPerSecond = await readAll(device);
  await device.close();
  return { bytesPerSecond };
}

/** From front to back, a few requests at a time as QEMU and nbdcopy do. */
async function readAll(device: ReadableBlockDevice): Promise<number> {
  const startNs = systemClock.monotonicNs();
  let next = 0;
  const readOn = async () => {
    const target = Buffer.allocUnsafeSlow(REQUEST_BYTES);
    while (next < device.sizeBytes) {
      const offset = next;
      next += REQUEST_BYTES;
      await device.read(offset, target.subarray(0, Math.min(REQUEST_BYTES, device.sizeBytes - offset)));
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, readOn));
  return device.sizeBytes / (Number(systemClock.monotonicNs() - startNs) / 1e9);
}
