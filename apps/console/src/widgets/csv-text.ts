/** Rows as CSV (RFC 4180) for a spreadsheet. Pure. */
export type CsvCell = string | number | undefined;

/** A byte order mark says to spreadsheets that it is UTF-8. */
const BYTE_ORDER_MARK = '\uFEFF';
/** What a spreadsheet would take for a formula, and run. */
const FORMULA = /^[=+\-@\t\r]/;

export function csvText(rows: readonly (readonly CsvCell[])[]): string {
  const lines = rows.map((row) => row.map(cellText).join(','));
  return `${BYTE_ORDER_MARK}${lines.map((line) => `${line}\r\n`).join('')}`;
}

function cellText(cell: CsvCell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  const harmless = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
