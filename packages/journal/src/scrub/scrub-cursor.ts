/**
 * How far a scrub is, in a small file beside the journal, so that a restart goes on where it was. It is
 * replaced every now and then; what was read since is read again. It is no part of the journal: without it,
 * or when it cannot be read, the pass begins anew.
 */

import {
  decodeDocument,
  encodeDocument,
  isDocument,
  type PlainDocument,
  type PlainValue,
} from '../documents/sealed-document.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { JournalDamage } from './journal-damage.ts';

const PATH = 'scrub';
const FORMAT = 'landfall-journal-scrub';

/** In the order of a pass: `group.json`, then of each disk its manifest, its base, its segments. */
export interface ScrubCursor {
  /** -1: `group.json`. */
  readonly diskIndex: number;
  readonly part: 'MANIFEST' | 'BASE' | 'SEGMENTS';
  /** Of the base the next chunk; of the segments the number of the next one. */
  readonly number: number;
  /** In that segment; records before it were verified. */
  readonly positionBytes: number;
}

export const PASS_START: ScrubCursor = { diskIndex: -1, part: 'MANIFEST', number: 0, positionBytes: 0 };

export interface ScrubRecord {
  readonly journalId: string;
  readonly cursor: ScrubCursor;
  readonly bytesDone: number;
  readonly passStartedAtMs: number;
  /** Of the last pass that came to its end; 0: none has. */
  readonly passEndedAtMs: number;
  readonly passes: number;
  /** What is known and told. */
  readonly damages: readonly JournalDamage[];
  /** Of those, what this pass has met: `damageKey`. */
  readonly met: readonly string[];
}

export async function readScrubRecord(files: JournalFiles): Promise<ScrubRecord | undefined> {
  const bytes = await files.readWhole(PATH);
  const document = bytes === undefined ? undefined : decodeDocument(bytes.toString('utf8'));
  if (document === undefined || document.format !== FORMAT || !isDocument(document.cursor)) return undefined;
  // The checksum holds: it is what `writeScrubRecord` of this format wrote.
  const { format: _, ...record } = document;
  return record as PlainDocument & ScrubRecord;
}

export async function writeScrubRecord(files: JournalFiles, record: ScrubRecord): Promise<void> {
  const { diskIndex, part, number, positionBytes } = record.cursor;
  const cursor = { diskIndex, part, number, positionBytes };
  // What is absent must be absent, so that reading gives the same document again.
  const damages: PlainValue = JSON.parse(JSON.stringify(record.damages));
  const document = { format: FORMAT, ...record, cursor, damages, met: [...record.met] };
  await files.replace(PATH, encodeDocument(document));
}
