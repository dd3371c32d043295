/**
 * What the CLI shows: tables for people, JSON for scripts, on standard output; everything else on standard
 * error.
 */
export interface Output {
  readonly json: boolean;
  readonly interactive: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

export function processOutput(json: boolean): Output {
  return {
    json,
    interactive: process.stderr.isTTY === true && process.env.CI === undefined,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  };
}

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | undefined;
}

/** One JSON value with --json, else a table; `empty` says what to do when there is nothing to list. */
export function showRows<Row>(
  output: Output,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  empty: string,
): void {
  if (output.json) output.out(`${JSON.stringify(rows, null, 2)}\n`);
  else if (rows.length === 0) output.err(`${empty}\n`);
  else output.out(formatTable(rows, columns));
}

/** One JSON value with --json, else name and value, a line each. */
export function showFacts(
  output: Output,
  value: unknown,
  facts: readonly (readonly [string, unknown])[],
): void {
  if (output.json) {
    output.out(`${JSON.stringify(value, null, 2)}\n`);
    return;
  }
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, fact] of facts) output.out(`${name.padEnd(width)}  ${fact ?? '–'}\n`);
}

export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map((column) => String(column.value(row) ?? '–')));
  const titles = columns.map((column) => column.title);
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...cells.map((line) => (line[index] ?? '').length)),
  );
  const format = (line: readonly string[]) =>
    `${line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd()}\n`;
  return [titles, ...cells].map(format).join('');
}
