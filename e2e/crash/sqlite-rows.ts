/**
 * The SQLite workload's content as a function of the transaction's number, for the process that writes it
 * and for whoever checks it. Transaction n inserts row n, drops the row that left the window, and writes n
 * into one of the slots.
 */
import { createHash } from 'node:crypto';

export const WINDOW_ROWS = 3000;
export const SLOTS = 64;
export const JOURNAL_MODES = ['WAL', 'DELETE', 'TRUNCATE', 'PERSIST'] as const;
export type JournalMode = (typeof JOURNAL_MODES)[number];

const PAYLOAD_REPEATS_MAX = 48;

/** 32 to 1,536 bytes that tell one number from every other. */
export function payloadOf(sequence: number): Buffer {
  const digest = createHash('sha256').update(`row ${sequence}`).digest();
  const repeats = 1 + ((digest[0] ?? 0) % PAYLOAD_REPEATS_MAX);
  return Buffer.concat(Array.from({ length: repeats }, () => digest));
}

/** The newest transaction up to `last` that wrote the slot; 0 when none did. */
export function slotValue(slot: number, last: number): number {
  const back = (((last - slot) % SLOTS) + SLOTS) % SLOTS;
  return Math.max(0, last - back);
}
