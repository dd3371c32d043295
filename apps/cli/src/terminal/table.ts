/**
 * Rows as a table. On a terminal too narrow for it each row becomes a block of lines, a column a line: ids
 * are never cut off, and nothing wraps into the next column.
 */
import { printable } from './text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | undefined;
}

const GAP = '  ';

export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  columnsMax = Number.POSITIVE_INFINITY,
): string {
  const titles = columns.map(({ title }) => title);
  const cells = rows.map((row) => columns.map(({ value }) => cellText(value(row))));
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...cells.map((line) => (line[index] ?? '').length)),
  );
  const lines = [titles, ...cells].map((line) => alignedLine(line, widths));
  const isNarrow = lines.some((line) => line.length > columnsMax);
  return isNarrow ? formatBlocks(titles, cells) : `${lines.join('\n')}\n`;
}

function cellText(value: string | number | undefined): string {
  return printable(String(value ?? '–').replaceAll(/\s*\n\s*/g, ' '));
}

function alignedLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join(GAP)
    .trimEnd();
}

function formatBlocks(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = Math.max(...titles.map(({ length }) => length));
  const blocks = rows.map((cells) =>
    titles.map((title, index) => `${title.padEnd(width)}${GAP}${cells[index] ?? ''}\n`).join(''),
  );
  return blocks.join('\n');
}
