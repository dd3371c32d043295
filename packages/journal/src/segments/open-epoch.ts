/**
 * The epoch that was still open when the process ended, found from the end of the file, so that an epoch as
 * large as a disk (J4) need not be read only to be cut off.
 *
 * Why that is safe: epochs grow along a segment, the records of one stand together, its commit record is the
 * last of them, and what was dropped was cut off before anything was written in its place. So if an intact
 * header of epoch e stands at x, and the first record after a commit is of e as well, no commit record stands
 * between the two.
 */
import type { JournalFile } from '../storage/journal-files.ts';
import { RecordReader, type ScanRange } from './record-reader.ts';
import {
  decodeRecord,
  EXTENT_BYTES_MAX,
  EXTENT_MAGIC,
  RECORD_HEADER_BYTES,
  recordBytes,
  SEGMENT_HEADER_BYTES,
  ZEROES_MAGIC,
} from './segment-records.ts';

const SEARCH_BYTES = 1024 * 1024;

export interface OpenEpoch {
  readonly epoch: number;
  /** Of the last intact record of it. */
  readonly positionBytes: number;
  /** Behind it: the end, or bytes that are no record. */
  readonly endBytes: number;
  readonly endedBy: 'end' | 'break';
}

/** `undefined`: the file ends with a closed epoch, or with nothing that can be told from its end. */
export async function findOpenEpoch(file: JournalFile, range: ScanRange): Promise<OpenEpoch | undefined> {
  const start = await lastExtentHeader(file, range);
  if (start === undefined) return undefined;
  const reader = new RecordReader(file, range);
  let endBytes = start.positionBytes;
  while (endBytes < range.toBytes) {
    const located = await reader.at(endBytes);
    if (located === undefined) return { ...start, endBytes, endedBy: 'break' };
    if (located === 'index' || located.record.kind === 'commit') return undefined;
    endBytes += recordBytes(located.record);
  }
  return { ...start, endBytes, endedBy: 'end' };
}

/** Searched backwards, no further than the longest record could reach. */
async function lastExtentHeader(
  file: JournalFile,
  range: ScanRange,
): Promise<Pick<OpenEpoch, 'epoch' | 'positionBytes'> | undefined> {
  const first = Math.max(SEGMENT_HEADER_BYTES, range.toBytes - EXTENT_BYTES_MAX - SEARCH_BYTES);
  for (let end = range.toBytes; end > first; end -= SEARCH_BYTES) {
    const from = Math.max(first, end - SEARCH_BYTES);
    const window = Buffer.allocUnsafe(Math.min(range.toBytes, end + RECORD_HEADER_BYTES) - from);
    const read = await file.read(from, window);
    const found = lastHeaderIn(window.subarray(0, read), from, range.identity);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lastHeaderIn(
  window: Buffer,
  windowPosition: number,
  identity: number,
): Pick<OpenEpoch, 'epoch' | 'positionBytes'> | undefined {
  for (let at = lastMagicBefore(window, window.length); at >= 0; at = lastMagicBefore(window, at)) {
    const positionBytes = windowPosition + at;
    const record = decodeRecord(window.subarray(at), { identity, positionBytes });
    if (record?.kind === 'extent' || record?.kind === 'zeroes') return { epoch: record.epoch, positionBytes };
  }
  return undefined;
}

/** The last place before `end` where a record of an extent may begin; -1: there is none. */
function lastMagicBefore(window: Buffer, end: number): number {
  if (end === 0) return -1;
  const last = (magic: string) => window.lastIndexOf(magic, end - 1, 'latin1');
  return Math.max(last(EXTENT_MAGIC), last(ZEROES_MAGIC));
}
