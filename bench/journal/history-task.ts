/**
 * A long history, and what it costs to open: as many extents and as many segments as 4 KiB writes make. Most
 * extents are zero ranges, which take no room on the disk; an entry of an index is as large for them.
 */
import { systemClock } from '../../packages/runtime/src/index.ts';
import { keptBytes } from './kept-memory.ts';
import {
  commitEmptyBase,
  commitOf,
  createJournal,
  headerOf,
  openJournal,
  payloadAt,
  randomPayloads,
} from './load.ts';

const BLOCK_BYTES = 4096;
const PAYLOADS = 256;
/** Every so many extents have content. */
const CONTENT_EVERY = 64;
const EXTENTS_PER_EPOCH = 100;
const RECORD_HEADER_BYTES = 56;
/** In segments of the usual size, with the content all of them would have. */
const EXTENTS_PER_SEGMENT = 64 * 1024;
const FIRST_READ_BYTES = 1024 * 1024;

export interface HistoryParameters {
  readonly extents: number;
  readonly diskBytes: number;
}

export async function writeHistory(folder: string, { extents, diskBytes }: HistoryParameters) {
  const payloads = randomPayloads(PAYLOADS, BLOCK_BYTES);
  const segmentBytes = EXTENTS_PER_SEGMENT * (RECORD_HEADER_BYTES + BLOCK_BYTES / CONTENT_EVERY);
  const group = await createJournal({ folder, sizeBytes: diskBytes, segmentBytes });
  await commitEmptyBase(group);
  const blocks = diskBytes / BLOCK_BYTES;
  let durable: Promise<void> = Promise.resolve();
  for (let index = 0; index < extents; index += 1) {
    const offsetBytes = ((index * 1_000_003) % blocks) * BLOCK_BYTES;
    const payload = payloadAt(payloads, index);
    if (index % CONTENT_EVERY === 0) await group.putExtent(headerOf(offsetBytes, payload), payload.bytes);
    else await group.putZeroes(0, offsetBytes, BLOCK_BYTES);
    if ((index + 1) % EXTENTS_PER_EPOCH !== 0) continue;
    await durable;
    durable = group.commit(commitOf((index + 1) / EXTENTS_PER_EPOCH + 1, EXTENTS_PER_EPOCH));
  }
  await durable;
  const epochs = group.lastEpoch;
  await group.close();
  return { epochs };
}

export interface OpenedHistory {
  readonly journalSeconds: number;
  /** From the request for it until its first MiB is read. */
  readonly viewSeconds: number;
  /** Of the journal and the view. */
  readonly keptBytes: number;
  readonly residentBytes: number;
}

/** Opens it, and the view in the middle of it. */
export async function openHistory(folder: string): Promise<OpenedHistory> {
  const before = keptBytes();
  const residentBefore = process.memoryUsage.rss();
  const startNs = systemClock.monotonicNs();
  const group = await openJournal(folder);
  const openedNs = systemClock.monotonicNs();
  const view = await group.openView(Math.floor(group.lastEpoch / 2));
  await view.disks[0]?.read(0, Buffer.alloc(FIRST_READ_BYTES));
  const readNs = systemClock.monotonicNs();
  const kept = keptBytes() - before;
  const residentBytes = process.memoryUsage.rss() - residentBefore;
  await group.close();
  return {
    journalSeconds: Number(openedNs - startNs) / 1e9,
    viewSeconds: Number(readNs - openedNs) / 1e9,
    keptBytes: kept,
    residentBytes,
  };
}
