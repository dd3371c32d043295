/**
 * A disk half of which was written again since its first copy, in a journal and, byte for byte the same, in a
 * raw file; and sequential reads of both.
 */
import { open } from 'node:fs/promises';
import {
  openReadableFileDevice,
  payloadChecksum,
  type ReadableBlockDevice,
} from '../../packages/block/src/index.ts';
import type { JournalGroup } from '../../packages/journal/src/index.ts';
import { MIB, OperationError, systemClock } from '../../packages/runtime/src/index.ts';
import { commitOf, createJournal, headerOf, openJournal, type Payload, randomPayloads } from './load.ts';

const EXTENT_BYTES = 64 * 1024;
const EXTENTS_PER_EPOCH = 256;
const PAYLOADS = 64;
const REQUEST_BYTES = MIB;
const REQUESTS_IN_FLIGHT = 4;

export interface DiskParameters {
  readonly sizeBytes: number;
  readonly rawPath: string;
}

/** Random bytes with the offset in front of every block, so that no two blocks are equal. */
class StampedContent {
  readonly #payloads = randomPayloads(PAYLOADS, MIB);

  at(offsetBytes: number, lengthBytes: number, round: number): Payload {
    const source = this.#payloads[(offsetBytes / EXTENT_BYTES + round) % PAYLOADS]?.bytes;
    const bytes = Buffer.from(source?.subarray(0, lengthBytes) ?? []);
    for (let at = 0; at < lengthBytes; at += EXTENT_BYTES) bytes.writeDoubleLE(offsetBytes + at + round, at);
    return { bytes, checksum: payloadChecksum(bytes) };
  }
}

/** The first copy goes in as the agent sends it; then every other 64 KiB is written again, in no order. */
export async function writeDisk(folder: string, { sizeBytes, rawPath }: DiskParameters) {
  const content = new StampedContent();
  const group = await createJournal({ folder, sizeBytes });
  const raw = await open(rawPath, 'w');
  const put = async (offsetBytes: number, payload: Payload) => {
    await group.putExtent(headerOf(offsetBytes, payload), payload.bytes);
    await raw.write(payload.bytes, 0, payload.bytes.length, offsetBytes);
  };
  for (let offset = 0; offset < sizeBytes; offset += MIB) await put(offset, content.at(offset, MIB, 0));
  await group.commit(commitOf(1, sizeBytes / MIB));
  await writeAgain(group, sizeBytes, (offset) => put(offset, content.at(offset, EXTENT_BYTES, 1)));
  await raw.sync();
  await raw.close();
  const { lastEpoch, journalId } = group;
  await group.close();
  return { lastEpoch, journalId };
}

async function writeAgain(
  group: JournalGroup,
  sizeBytes: number,
  put: (offsetBytes: number) => Promise<void>,
): Promise<void> {
  const extents = sizeBytes / EXTENT_BYTES / 2;
  for (let index = 0; index < extents; index += 1) {
    await put(((index * 7919) % extents) * 2 * EXTENT_BYTES);
    const isLast = index + 1 === extents;
    if ((index + 1) % EXTENTS_PER_EPOCH !== 0 && !isLast) continue;
    await group.commit(commitOf(group.lastEpoch + 1, (index % EXTENTS_PER_EPOCH) + 1));
  }
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

export async function readView(folder: string) {
  const group = await openJournal(folder);
  const view = await group.openView(group.lastEpoch);
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
