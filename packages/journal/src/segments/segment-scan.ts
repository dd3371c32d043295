/**
 * Reads a segment record by record: the tail that was still written when the process ended, and a sealed
 * segment whose index is damaged. The chain of records holds as long as each header is intact and each
 * commit's checksum over the headers before it agrees (J1). Payloads are checked separately
 * (`findDamagedPayload`), only where nothing else proves that they were durable. An epoch that was never
 * closed is recognized by its first and its last record (`open-epoch.ts`).
 *
 * Where the chain breaks, a torn tail and a damaged byte look the same. What tells them apart is a later
 * commit record that says its predecessors were durable: then it was no torn tail, and nothing may be cut off
 * (J3).
 */
import { crc32 } from 'node:zlib';
import type { JournalFile } from '../storage/journal-files.ts';
import { GrowingExtents } from './growing-extents.ts';
import { findOpenEpoch, type OpenEpoch } from './open-epoch.ts';
import { type Located, RecordReader, type ScanRange } from './record-reader.ts';
import type { SealedCommit } from './segment-index.ts';
import {
  COMMIT_MAGIC,
  COMMIT_RECORD_BYTES,
  type CommitRecord,
  decodeRecord,
  type ExtentRecord,
  hasParticipant,
  RECORD_HEADER_BYTES,
  recordBytes,
  SEGMENT_HEADER_BYTES,
} from './segment-records.ts';

const SEARCH_BYTES = 1024 * 1024;

export interface SegmentScan {
  readonly extents: GrowingExtents;
  readonly commits: readonly SealedCommit[];
  /** Where the chain ended: at the end, at an index, or at bytes that are no record. */
  readonly endedBy: 'end' | 'index' | 'break';
  readonly chainEndBytes: number;
  /** The largest epoch that some intact commit record, also one after the break, says was durable. */
  readonly durableEpoch: number;
}

interface Chain {
  readonly extents: GrowingExtents;
  readonly commits: SealedCommit[];
  lastEpoch: number;
  startBytes: number;
  recordCount: number;
  checksum: number;
  durableEpoch: number;
}

export async function scanSegment(file: JournalFile, range: ScanRange): Promise<SegmentScan> {
  const chain = newChain();
  const reader = new RecordReader(file, range);
  const open = await findOpenEpoch(file, range);
  let position = SEGMENT_HEADER_BYTES;
  let endedBy: SegmentScan['endedBy'] = 'end';
  while (position < range.toBytes) {
    const located = await reader.at(position);
    if (open !== undefined && beginsOpenEpoch(chain, located, open)) {
      position = open.endBytes;
      endedBy = open.endedBy;
      break;
    }
    if (located === 'index' || located === undefined || !extendChain(chain, located, range)) {
      endedBy = located === 'index' ? 'index' : 'break';
      break;
    }
    position += recordBytes(located.record);
  }
  const later = endedBy === 'break' ? await laterDurableEpoch(file, position, range) : 0;
  const durableEpoch = Math.max(chain.durableEpoch, later);
  return { extents: chain.extents, commits: chain.commits, endedBy, chainEndBytes: position, durableEpoch };
}

/**
 * The position of the first record in [from, to) whose payload is not what its header says, if there is one.
 */
export async function findDamagedPayload(
  file: JournalFile,
  range: ScanRange & { readonly fromBytes: number },
): Promise<number | undefined> {
  const reader = new RecordReader(file, range);
  let position = range.fromBytes;
  while (position < range.toBytes) {
    const located = await reader.at(position);
    if (located === undefined || located === 'index') return position;
    if (located.record.kind === 'extent' && !(await payloadHolds(file, located.record, position))) {
      return position;
    }
    position += recordBytes(located.record);
  }
  return undefined;
}

async function payloadHolds(
  file: JournalFile,
  record: ExtentRecord,
  positionBytes: number,
): Promise<boolean> {
  const payload = Buffer.allocUnsafe(record.payloadBytes);
  const read = await file.read(positionBytes + RECORD_HEADER_BYTES, payload);
  return read === payload.length && crc32(payload) === record.payloadChecksum;
}

/** From here on nothing is closed any more. */
function beginsOpenEpoch(chain: Chain, located: Located | 'index' | undefined, open: OpenEpoch): boolean {
  if (located === undefined || located === 'index' || chain.recordCount > 0) return false;
  const { record, positionBytes } = located;
  return record.kind !== 'commit' && record.epoch === open.epoch && positionBytes < open.positionBytes;
}

function newChain(): Chain {
  return {
    extents: new GrowingExtents(),
    commits: [],
    lastEpoch: 0,
    startBytes: SEGMENT_HEADER_BYTES,
    recordCount: 0,
    checksum: 0,
    durableEpoch: 0,
  };
}

/** False when the record is intact but does not belong here: the chain ends before it. */
function extendChain(chain: Chain, located: Located, range: ScanRange): boolean {
  const { record, positionBytes } = located;
  if (record.epoch <= chain.lastEpoch) return false;
  if (record.kind === 'commit') return closeEpoch(chain, record, positionBytes, range);
  const { offsetBytes, lengthBytes, payloadBytes } = record;
  chain.extents.add({ offsetBytes, lengthBytes, payloadBytes, positionBytes });
  chain.recordCount += 1;
  chain.checksum = crc32(located.header, chain.checksum);
  return true;
}

function closeEpoch(chain: Chain, record: CommitRecord, positionBytes: number, range: ScanRange): boolean {
  if (!record.journalId.equals(range.journalId)) return false;
  if (!hasParticipant(record.participants, range.diskIndex)) return false;
  if (record.startBytes !== chain.startBytes || record.recordCount !== chain.recordCount) return false;
  if (record.recordsChecksum !== chain.checksum) return false;
  const { epoch, cutTimeMs, cutMonotonicNs, extentCount, consistency, participants } = record;
  const endBytes = positionBytes + COMMIT_RECORD_BYTES;
  chain.commits.push({ epoch, cutTimeMs, cutMonotonicNs, extentCount, consistency, participants, endBytes });
  chain.lastEpoch = epoch;
  chain.startBytes = endBytes;
  chain.recordCount = 0;
  chain.checksum = 0;
  chain.durableEpoch = Math.max(chain.durableEpoch, record.durableEpoch);
  return true;
}

/** Looks for intact commit records after a break; each proves what was durable before it was written. */
async function laterDurableEpoch(file: JournalFile, fromBytes: number, range: ScanRange): Promise<number> {
  let durableEpoch = 0;
  const step = SEARCH_BYTES - COMMIT_RECORD_BYTES;
  for (let position = fromBytes; position < range.toBytes; position += step) {
    const window = Buffer.allocUnsafe(Math.min(SEARCH_BYTES, range.toBytes - position));
    const read = await file.read(position, window);
    durableEpoch = Math.max(durableEpoch, durableEpochIn(window.subarray(0, read), position, range.identity));
  }
  return durableEpoch;
}

function durableEpochIn(window: Buffer, windowPosition: number, identity: number): number {
  let durableEpoch = 0;
  for (let at = window.indexOf(COMMIT_MAGIC); at >= 0; at = window.indexOf(COMMIT_MAGIC, at + 1)) {
    const record = decodeRecord(window.subarray(at), { identity, positionBytes: windowPosition + at });
    if (record?.kind === 'commit') durableEpoch = Math.max(durableEpoch, record.durableEpoch);
  }
  return durableEpoch;
}
