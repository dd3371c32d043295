/**
 * One of our own reads in the fine phase: neighbouring blocks of a disk, read in one request. Its window is
 * known twice: from user space (before the call, after it), and, three times tighter, from the trace, where
 * the request's own issue and completion show. The tight one counts when the request appears there exactly
 * once, whole.
 */
import { SECTOR_BYTES } from '../tracing/block-event.ts';
import type { BlockRecord } from './block-record.ts';

export const BLOCK_BYTES = 4096;
export const BLOCK_SECTORS = BLOCK_BYTES / SECTOR_BYTES;

/** Blocks read in one request of the fine phase: longer windows are overlapped more often. */
const TICKET_BLOCKS_MAX = 32;

export class ReadTicket {
  readonly diskIndex: number;
  readonly firstBlock: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly records: readonly BlockRecord[];
  /** One for each block, `undefined` where it is all zero. */
  contents: readonly (Buffer | undefined)[] = [];
  /**
   * Its user-space window has begun: what the trace shows earlier belongs to an earlier read of the same
   * blocks.
   */
  isOpen = false;
  /** How often the request was seen in the trace. */
  issueCount = 0;
  completeCount = 0;
  /** Its records were folded away: nothing it brings is wanted any more. */
  dead = false;

  constructor(options: {
    readonly diskIndex: number;
    readonly records: readonly BlockRecord[];
    readonly firstBlock: number;
    readonly diskSizeBytes: number;
  }) {
    this.diskIndex = options.diskIndex;
    this.records = options.records;
    this.firstBlock = options.firstBlock;
    this.offsetBytes = options.firstBlock * BLOCK_BYTES;
    const end = this.offsetBytes + options.records.length * BLOCK_BYTES;
    this.lengthBytes = Math.min(end, options.diskSizeBytes) - this.offsetBytes;
  }

  get sector(): number {
    return this.offsetBytes / SECTOR_BYTES;
  }

  get sectorCount(): number {
    return Math.ceil(this.lengthBytes / SECTOR_BYTES);
  }

  get seenOnceInTrace(): boolean {
    return this.issueCount === 1 && this.completeCount === 1;
  }
}

/** Reads for records in the order of their blocks: neighbours in one. */
export function ticketsFor(
  disk: { readonly diskIndex: number; readonly sizeBytes: number },
  records: readonly BlockRecord[],
): ReadTicket[] {
  const { diskIndex, sizeBytes: diskSizeBytes } = disk;
  const tickets: ReadTicket[] = [];
  for (let start = 0; start < records.length; ) {
    const firstBlock = records[start]?.block ?? 0;
    let end = start + 1;
    while (records[end]?.block === firstBlock + end - start && end - start < TICKET_BLOCKS_MAX) end += 1;
    const run = records.slice(start, end);
    tickets.push(new ReadTicket({ diskIndex, records: run, firstBlock, diskSizeBytes }));
    start = end;
  }
  return tickets;
}
