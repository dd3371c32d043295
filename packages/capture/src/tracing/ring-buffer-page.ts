/**
 * One sub-buffer of a kernel ring buffer, as `trace_pipe_raw` hands it out (kernel-tracing.md, section 3):
 *
 *     u64 timestamp | long commit | records …            (offsets from `events/header_page`)
 *
 * commit: the low 27 bits are the length of the records; bit 31 says that events were lost before this page,
 * bit 30 that their number follows the records as a long. The value is sign-extended on 64-bit kernels: only
 * the low word counts. A record starts with a u32: type in bits 0–4, time delta in bits 5–31:
 *
 *     0       data; the length is in the next word and includes that word
 *     1–28    data of type × 4 bytes
 *     29      padding: delta 0 ends the page, otherwise a discarded event of (next word + 4) bytes
 *     30      time extend: the delta grows by (next word << 27)
 *     31      absolute time: (next word << 27) + delta, 59 bits; the top five come from the page's own stamp
 *
 * Times are nanoseconds since `baseNs`: a full stamp does not fit a number exactly after 104 days of uptime.
 * Words are little-endian, as on every machine the agent is built for.
 */
import { assert, OperationError } from '@landfall/runtime';
import { parseFields, requireField } from './trace-format.ts';

export interface PageLayout {
  readonly timestampOffsetBytes: number;
  readonly commitOffsetBytes: number;
  readonly dataOffsetBytes: number;
  readonly longSizeBytes: number;
  /** What one read of `trace_pipe_raw` must ask for. */
  readonly pageSizeBytes: number;
}

export interface DecodedPage {
  /** Events in the page, as the kernel's counters count them. */
  readonly eventCount: number;
  /** Events lost before this page: 0 none, `undefined` when the kernel does not know how many. */
  readonly lostCount: number | undefined;
}

export type RecordVisitor = (timeNs: number, payloadOffsetBytes: number, payloadSizeBytes: number) => void;

const COMMIT_LENGTH_MASK = 0x07ff_ffff;
const LOST_FLAG = 0x8000_0000;
const LOST_COUNT_STORED_FLAG = 0x4000_0000;
const DATA_TYPE_MAX = 28;
const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_EXTEND_SHIFT = 2 ** 27;
const STAMP_TOP_BITS = 0xf8n << 56n;

export function parsePageLayout(headerPage: string): PageLayout {
  const fields = parseFields(headerPage);
  const timestamp = requireField('header_page', fields, 'timestamp', 8);
  const commit = requireField('header_page', fields, 'commit', 4, 8);
  const content = requireField('header_page', fields, 'data');
  return {
    timestampOffsetBytes: timestamp.offsetBytes,
    commitOffsetBytes: commit.offsetBytes,
    dataOffsetBytes: content.offsetBytes,
    longSizeBytes: commit.sizeBytes,
    pageSizeBytes: content.offsetBytes + content.sizeBytes,
  };
}

/** Calls `visit` for every data record in order. Errors: TRACE_DAMAGED when a record leaves the page. */
export function decodePage(
  page: Buffer,
  layout: PageLayout,
  baseNs: bigint,
  visit: RecordVisitor,
): DecodedPage {
  assert(page.length === layout.pageSizeBytes, 'a page is decoded whole');
  const commit = page.readUInt32LE(layout.commitOffsetBytes);
  const endBytes = layout.dataOffsetBytes + (commit & COMMIT_LENGTH_MASK);
  if (endBytes > page.length) throw damaged('its length is larger than the page');
  const stampNs = page.readBigUInt64LE(layout.timestampOffsetBytes);
  const eventCount = walkRecords(
    { page, startBytes: layout.dataOffsetBytes, endBytes, stampNs, baseNs },
    visit,
  );
  return { eventCount, lostCount: lostBefore(page, commit, endBytes, layout) };
}

interface Records {
  readonly page: Buffer;
  readonly startBytes: number;
  readonly endBytes: number;
  readonly stampNs: bigint;
  readonly baseNs: bigint;
}

function walkRecords(records: Records, visit: RecordVisitor): number {
  const { page, endBytes, stampNs, baseNs } = records;
  let timeNs = Number(stampNs - baseNs);
  let at = records.startBytes;
  let eventCount = 0;
  while (at + 4 <= endBytes) {
    const header = page.readUInt32LE(at);
    const type = header & 31;
    const delta = header >>> 5;
    if (type === PADDING && delta === 0) break;
    const word = type === 0 || type > DATA_TYPE_MAX ? wordAt(page, at + 4, endBytes) : 0;
    if (type === TIME_EXTEND) timeNs += word * TIME_EXTEND_SHIFT + delta;
    else if (type > TIME_EXTEND) timeNs = absoluteNs(stampNs, word, delta, baseNs);
    else timeNs += delta;
    const sizeBytes = recordSize(type, word);
    if (at + sizeBytes > endBytes) throw damaged('a record leaves it');
    if (type <= DATA_TYPE_MAX) {
      const headerBytes = type === 0 ? 8 : 4;
      visit(timeNs, at + headerBytes, sizeBytes - headerBytes);
      eventCount += 1;
    }
    at += sizeBytes;
  }
  return eventCount;
}

function wordAt(page: Buffer, at: number, endBytes: number): number {
  if (at + 4 > endBytes) throw damaged('a record leaves it');
  return page.readUInt32LE(at);
}

function recordSize(type: number, word: number): number {
  if (type > PADDING) return 8;
  if (type === 0 || type === PADDING) return 4 + Math.max(4, Math.ceil(word / 4) * 4);
  return 4 + type * 4;
}

function absoluteNs(stampNs: bigint, word: number, delta: number, baseNs: bigint): number {
  const low = (BigInt(word) << 27n) + BigInt(delta);
  return Number((stampNs & STAMP_TOP_BITS) + low - baseNs);
}

function lostBefore(page: Buffer, commit: number, endBytes: number, layout: PageLayout): number | undefined {
  if ((commit & LOST_FLAG) === 0) return 0;
  const stored = (commit & LOST_COUNT_STORED_FLAG) !== 0;
  if (!stored || endBytes + layout.longSizeBytes > page.length) return undefined;
  return page.readUInt32LE(endBytes);
}

function damaged(why: string): OperationError {
  return new OperationError('TRACE_DAMAGED', `a page of the kernel's trace buffer is damaged: ${why}`, {
    hint: 'the agent starts tracking anew and compares everything; report the kernel version if it recurs',
    retryable: true,
  });
}
