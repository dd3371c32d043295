/**
 * What the CLI shows: tables for people, JSON for scripts, on standard output; everything else on standard
 * error. Where it goes is the command line's own setting (`configureOutput`), so that tests can read it.
 */
import { type Column, formatTable } from './table.ts';
import { printable } from './text.ts';

export interface Output {
  readonly json: boolean;
  /** Somebody watches standard error: progress may redraw itself. */
  readonly interactive: boolean;
  /** Columns of the terminal that standard output or error is; absent of what is none. */
  readonly outColumns?: number | undefined;
  readonly errColumns?: number | undefined;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** A part of Commander's. */
export interface OutputPorts {
  writeOut?(text: string): void;
  writeErr?(text: string): void;
  getOutHelpWidth?(): number | undefined;
  getErrHelpWidth?(): number | undefined;
}

export function outputTo(ports: OutputPorts, json: boolean): Output {
  const { CI, TERM } = process.env;
  return {
    json,
    interactive: process.stderr.isTTY === true && CI === undefined && TERM !== 'dumb',
    outColumns: ports.getOutHelpWidth?.(),
    errColumns: ports.getErrHelpWidth?.(),
    out: (text) => ports.writeOut?.(text),
    err: (text) => ports.writeErr?.(text),
  };
}

/** One JSON value with --json, else a table; `empty` says what to do when there is nothing to list. */
export function showRows<Row>(
  output: Output,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  empty: string,
): void {
  if (output.json) showJson(output, rows);
  else if (rows.length === 0) output.err(`${empty}\n`);
  else output.out(formatTable(rows, columns, output.outColumns));
}

/** One JSON value with --json, else name and value, a line each. */
export function showFacts(
  output: Output,
  value: unknown,
  facts: readonly (readonly [string, unknown])[],
): void {
  if (output.json) {
    showJson(output, value);
    return;
  }
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  const indent = `\n${' '.repeat(width + 2)}`;
  for (const [name, fact] of facts) {
    const lines = String(fact ?? '–').split('\n');
    output.out(`${name.padEnd(width)}  ${lines.map(printable).join(indent)}\n`);
  }
}

export function showJson(output: Output, value: unknown): void {
  output.out(`${JSON.stringify(value ?? null, null, 2)}\n`);
}
