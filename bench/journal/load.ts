/**
 * What the tasks write: journals made and opened as the replication server does, extents with checksums as an
 * agent sends them.
 */
import { randomFillSync } from 'node:crypto';
import { CODEC_RAW, type ExtentHeader, payloadChecksum } from '../../packages/block/src/index.ts';
import { type JournalGroup, openJournalGroup } from '../../packages/journal/src/index.ts';
import type { EpochCommit } from '../../packages/model/src/index.ts';
import { silentLogger } from '../../packages/runtime/src/index.ts';

const FIRST_CUT_MS = 1_700_000_000_000;
/** Ten a second. */
const CUT_INTERVAL_MS = 100;

export interface NewJournal {
  readonly folder: string;
  readonly sizeBytes: number;
  readonly segmentBytes?: number;
}

/** A journal of one disk. */
export function createJournal({ folder, sizeBytes, segmentBytes }: NewJournal): Promise<JournalGroup> {
  return openJournalGroup({
    folder,
    disks: [{ diskId: 'disk-0', sizeBytes }],
    logger: silentLogger,
    create: true,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  });
}

export function openJournal(folder: string): Promise<JournalGroup> {
  return openJournalGroup({ folder, logger: silentLogger });
}

export function commitOf(epoch: number, extentCount: number): EpochCommit {
  const sinceMs = epoch * CUT_INTERVAL_MS;
  const cutMonotonicNs = BigInt(sinceMs) * 1_000_000n;
  const cutTimeMs = FIRST_CUT_MS + sinceMs;
  return { epoch, cutTimeMs, cutMonotonicNs, consistency: 'CRASH_CONSISTENT', extentCount };
}

export interface Payload {
  readonly bytes: Buffer;
  readonly checksum: number;
}

/** Random bytes in pieces of `pieceBytes`, with the checksums the sender would have taken. */
export function randomPayloads(count: number, pieceBytes: number): readonly Payload[] {
  return Array.from({ length: count }, () => {
    const bytes = Buffer.allocUnsafeSlow(pieceBytes);
    randomFillSync(bytes);
    return { bytes, checksum: payloadChecksum(bytes) };
  });
}

export function headerOf(offsetBytes: number, { bytes, checksum }: Payload): ExtentHeader {
  return { diskIndex: 0, offsetBytes, lengthBytes: bytes.length, codec: CODEC_RAW, checksum };
}

/** The first recovery point, of a disk nobody has written to. */
export async function commitEmptyBase(group: JournalGroup): Promise<void> {
  await group.commit(commitOf(1, 0));
}

/** A payload of a list that is used round and round. */
export function payloadAt(payloads: readonly Payload[], index: number): Payload {
  const payload = payloads[index % payloads.length];
  if (payload === undefined) throw new RangeError('there are no payloads');
  return payload;
}
