/** Extents, commits and checks that several tests use. */
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { CODEC_RAW, CODEC_ZSTD, type ExtentHeader, payloadChecksum } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';
import type { JournalGroup } from './group/journal-group.ts';

export interface TestExtent {
  readonly header: ExtentHeader;
  readonly payload: Buffer;
}

/** Its payload is a copy: the journal may still read it when the caller has gone on to change `content`. */
export function rawExtent(diskIndex: number, offsetBytes: number, content: Buffer): TestExtent {
  const checksum = payloadChecksum(content);
  const header: ExtentHeader = {
    diskIndex,
    offsetBytes,
    lengthBytes: content.length,
    codec: CODEC_RAW,
    checksum,
  };
  return { header, payload: Buffer.from(content) };
}

export function zstdExtent(diskIndex: number, offsetBytes: number, content: Buffer): TestExtent {
  const payload = zstdCompressSync(content);
  const checksum = payloadChecksum(payload);
  const header: ExtentHeader = {
    diskIndex,
    offsetBytes,
    lengthBytes: content.length,
    codec: CODEC_ZSTD,
    checksum,
  };
  return { header, payload };
}

const FIRST_CUT_MS = 1_700_000_000_000;

/** Cuts are one second apart. */
export function testCommit(epoch: number, extentCount: number): EpochCommit {
  const cutMonotonicNs = BigInt(epoch) * 1_000_000_000n;
  const cutTimeMs = FIRST_CUT_MS + epoch * 1000;
  return { epoch, cutTimeMs, cutMonotonicNs, consistency: 'CRASH_CONSISTENT', extentCount };
}

/** One epoch from start to acknowledgement. */
export async function putEpoch(group: JournalGroup, extents: readonly TestExtent[]): Promise<number> {
  for (const { header, payload } of extents) await group.putExtent(header, payload);
  const epoch = group.lastEpoch + 1;
  await group.commit(testCommit(epoch, extents.length));
  return epoch;
}

/** The whole of a disk at an epoch. */
export async function readDisk(group: JournalGroup, epoch: number, diskIndex: number): Promise<Buffer> {
  const view = await group.openView(epoch);
  try {
    const device = view.disks[diskIndex];
    const content = Buffer.alloc(device?.sizeBytes ?? 0);
    await device?.read(0, content);
    return content;
  } finally {
    await view.close();
  }
}

export function sha256(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}
