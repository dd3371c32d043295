/**
 * Puts damaged bytes right where they are.
 *
 * Of a disk, so that old recovery points can be read again: with bytes of the newest state, once that is
 * sound again, if and only if they have the checksum that was recorded of the bytes that are lost. Then they
 * are those bytes: the source has not changed them since, or has changed them back. What is written differs
 * in no byte from what was written there first, so J3 holds. A payload that was compressed is not healed:
 * compressing again need not give the same bytes.
 *
 * Of the files: a damaged manifest or segment header would keep the journal from opening. While it is open
 * both are known, and are written again as they were.
 */
import { crc32 } from 'node:zlib';
import { CODEC_RAW } from '@landfall/block';
import { BLOCK_BYTES, CHUNK_BYTES, decodeTableEntry } from '../base/base-table.ts';
import { type DiskJournal, journalIdBytes } from '../group/disk-journal.ts';
import { decodeRecord, encodeSegmentHeader, RECORD_HEADER_BYTES } from '../segments/segment-records.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { DamagedRange, JournalDamage } from './journal-damage.ts';

export interface HealedJournal {
  readonly journalId: string;
  readonly files: JournalFiles;
  readonly disks: readonly DiskJournal[];
  /** Of the newest recovery point, verified. Errors: EXTENT_DAMAGED. */
  readNewest(range: DamagedRange): Promise<Buffer>;
  /** Beside no write. */
  rewriteManifest(diskId: string): Promise<void>;
}

/** False: what the newest state holds there is something else, or it cannot be told. */
export async function healDamage(journal: HealedJournal, damage: JournalDamage): Promise<boolean> {
  const { kind, range, path, diskId } = damage;
  if (kind === 'HEADER') return healHeader(journal, damage);
  if (kind === 'DOCUMENT' && diskId !== undefined) {
    await journal.rewriteManifest(diskId);
    return true;
  }
  const disk = journal.disks[range?.diskIndex ?? -1];
  if (range === undefined || disk === undefined || (kind !== 'BASE' && kind !== 'EXTENT')) return false;
  const place = kind === 'BASE' ? await basePlace(disk, range) : await recordPlace(journal, disk, damage);
  if (place === undefined) return false;
  const bytes = await journal.readNewest(range);
  if (bytes.length !== range.lengthBytes || crc32(bytes) !== place.checksum) return false;
  await writeInPlace(journal, path, place.positionBytes, bytes);
  return true;
}

async function healHeader(journal: HealedJournal, { path, diskId }: JournalDamage): Promise<boolean> {
  const disk = journal.disks.find((candidate) => candidate.diskId === diskId);
  const segment = disk?.segments.find((candidate) => candidate.path === path);
  if (disk === undefined || segment === undefined) return false;
  const name = { journalId: journalIdBytes(journal.journalId), diskIndex: disk.diskIndex };
  const header = encodeSegmentHeader({ ...name, segmentNumber: segment.number });
  await writeInPlace(journal, path, 0, header);
  return true;
}

async function writeInPlace(
  { files }: HealedJournal,
  path: string,
  positionBytes: number,
  bytes: Buffer,
): Promise<void> {
  const file = await files.open(path);
  try {
    await file.write(positionBytes, [bytes]);
    await file.sync();
  } finally {
    await file.close();
  }
}

interface Place {
  readonly positionBytes: number;
  readonly checksum: number;
}

/** One block, as a scrub names them. */
async function basePlace(
  disk: DiskJournal,
  { offsetBytes, lengthBytes }: DamagedRange,
): Promise<Place | undefined> {
  const { base } = disk;
  const isBlock = offsetBytes % BLOCK_BYTES === 0 && lengthBytes <= BLOCK_BYTES;
  if (!isBlock || !base.isValid || base.isAdvancing() || offsetBytes + lengthBytes > base.sizeBytes)
    return undefined;
  const entry = decodeTableEntry(await base.readEntry(Math.floor(offsetBytes / CHUNK_BYTES)));
  const checksum = entry?.blockChecksums[(offsetBytes % CHUNK_BYTES) / BLOCK_BYTES];
  return checksum === undefined ? undefined : { positionBytes: offsetBytes, checksum };
}

/** The payload of an uncompressed extent whose header is intact. */
async function recordPlace(
  { files }: HealedJournal,
  disk: DiskJournal,
  { path, positionBytes, range }: JournalDamage,
): Promise<Place | undefined> {
  const segment = disk.segments.find((candidate) => candidate.path === path);
  if (segment === undefined || range === undefined) return undefined;
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  const file = await files.open(path);
  try {
    await file.read(positionBytes, header);
  } finally {
    await file.close();
  }
  const record = decodeRecord(header, { identity: segment.identity, positionBytes });
  const isSame =
    record?.kind === 'extent' &&
    record.codec === CODEC_RAW &&
    record.offsetBytes === range.offsetBytes &&
    record.lengthBytes === range.lengthBytes;
  if (!isSame) return undefined;
  return { positionBytes: positionBytes + RECORD_HEADER_BYTES, checksum: record.payloadChecksum };
}
