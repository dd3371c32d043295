/** Comma-separated values as RFC 4180 has them: CRLF or LF, quotes around what needs them, doubled inside. */
export interface CsvProblem {
  /** From 1. */
  readonly rowNumber: number;
  readonly message: string;
}

export interface CsvRow {
  /** Of the record, from 1; the header is 1. */
  readonly rowNumber: number;
  readonly cells: readonly string[];
}

export type CsvResult =
  | { readonly ok: true; readonly rows: readonly CsvRow[] }
  | { readonly ok: false; readonly problem: CsvProblem };

const BYTE_ORDER_MARK = '\ufeff';

/** Records in their order; those without any text are left out and counted all the same. */
export function parseCsv(text: string): CsvResult {
  const source = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  const rows: CsvRow[] = [];
  let position = 0;
  for (let rowNumber = 1; position < source.length; rowNumber += 1) {
    const record = parseRecord(source, position);
    if (typeof record === 'string') return { ok: false, problem: { rowNumber, message: record } };
    if (record.cells.some((cell) => cell !== '')) rows.push({ rowNumber, cells: record.cells });
    position = record.next;
  }
  return { ok: true, rows };
}

interface ParsedRecord {
  readonly cells: readonly string[];
  readonly next: number;
}

function parseRecord(source: string, start: number): ParsedRecord | string {
  const cells: string[] = [];
  let position = start;
  for (;;) {
    const cell = source[position] === '"' ? quotedCell(source, position) : plainCell(source, position);
    if (typeof cell === 'string') return `in column ${cells.length + 1} ${cell}`;
    cells.push(cell.text);
    if (source[cell.end] !== ',') return { cells, next: afterLineEnd(source, cell.end) };
    position = cell.end + 1;
  }
}

interface Cell {
  readonly text: string;
  /** Of the comma, the line end or the end of the text behind it. */
  readonly end: number;
}

const PLAIN_END = /[,\r\n"]/g;

function plainCell(source: string, start: number): Cell | string {
  PLAIN_END.lastIndex = start;
  const end = PLAIN_END.exec(source)?.index ?? source.length;
  if (source[end] === '"') return 'a quote stands inside a value that does not begin with one';
  return { text: source.slice(start, end), end };
}

function quotedCell(source: string, start: number): Cell | string {
  let text = '';
  let from = start + 1;
  for (;;) {
    const quote = source.indexOf('"', from);
    if (quote === -1) return 'a quoted value does not end';
    text += source.slice(from, quote);
    if (source[quote + 1] !== '"') {
      const isAtEnd = quote + 1 === source.length || /[,\r\n]/.test(source[quote + 1] ?? '');
      return isAtEnd ? { text, end: quote + 1 } : 'something follows a quoted value';
    }
    text += '"';
    from = quote + 2;
  }
}

function afterLineEnd(source: string, position: number): number {
  return source.startsWith('\r\n', position) ? position + 2 : position + 1;
}

export function formatCsvRow(cells: readonly string[]): string {
  return `${cells.map(formatCell).join(',')}\r\n`;
}

function formatCell(text: string): string {
  return /[",\r\n]/.test(text) || text.startsWith(BYTE_ORDER_MARK) ? `"${text.replaceAll('"', '""')}"` : text;
}
