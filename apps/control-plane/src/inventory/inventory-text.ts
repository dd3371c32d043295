/**
 * From the bytes of an inventory file to its text. A file in another encoding is refused with the first row
 * that shows it: read as UTF-8 all the same, its names would come out as nonsense.
 */
import { type CsvProblem, parseCsv } from './csv.ts';

export type InventoryText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: CsvProblem };

/** What a lenient decoder puts in the place of what it cannot read. */
const UNREADABLE = '\ufffd';
const SAVE_AS_UTF8 = 'save it as CSV UTF-8';

export function decodeInventory(bytes: Uint8Array): InventoryText {
  if (isUtf16(bytes)) return refusal(1, `the file is UTF-16; ${SAVE_AS_UTF8}`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { ok: true, text };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { ok: false, problem: firstUnreadable(new TextDecoder().decode(bytes)) };
  }
}

function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function firstUnreadable(text: string): CsvProblem {
  const parsed = parseCsv(text);
  const row = parsed.ok
    ? parsed.rows.find(({ cells }) => cells.some((cell) => cell.includes(UNREADABLE)))
    : undefined;
  if (row === undefined) return { rowNumber: 1, message: `the file is not UTF-8; ${SAVE_AS_UTF8}` };
  const column = row.cells.findIndex((cell) => cell.includes(UNREADABLE)) + 1;
  return { rowNumber: row.rowNumber, message: `the value in column ${column} is not UTF-8; ${SAVE_AS_UTF8}` };
}

function refusal(rowNumber: number, message: string): InventoryText {
  return { ok: false, problem: { rowNumber, message } };
}
