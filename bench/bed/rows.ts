/**
 * What a benchmark found, a row a goal: the number it must reach, the number measured, and whether that is
 * enough. A row that is an aim, or that only tells how a peer does, does not decide the outcome.
 */
import { formatTable } from '../../apps/cli/src/terminal/table.ts';

export interface Row {
  readonly what: string;
  readonly goal: number;
  /** `min`: at least the goal is wanted; `max`: at most. */
  readonly bound: 'min' | 'max';
  readonly measured: number;
  readonly unit: string;
  readonly met: boolean;
  /** Whether missing it makes the benchmark fail. */
  readonly required: boolean;
}

interface Finding {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
  /** False: an aim. */
  readonly required?: boolean;
}

export function atLeast(goal: number, finding: Finding): Row {
  return rowOf(finding, { goal, bound: 'min', met: finding.measured >= goal });
}

export function atMost(goal: number, finding: Finding): Row {
  return rowOf(finding, { goal, bound: 'max', met: finding.measured <= goal });
}

/** Three significant digits are more than a noisy machine can tell; the verdict is of the exact number. */
function rowOf(finding: Finding, verdict: Pick<Row, 'goal' | 'bound' | 'met'>): Row {
  const { what, measured, unit, required = true } = finding;
  return { what, ...verdict, measured: Number(measured.toPrecision(3)), unit, required };
}

export function allMet(rows: readonly Row[]): boolean {
  return rows.length > 0 && rows.every((row) => row.met || !row.required);
}

export function formatRows(rows: readonly Row[]): string {
  return formatTable(rows, [
    { title: 'What', value: (row) => row.what },
    { title: 'Goal', value: (row) => `${row.bound === 'min' ? '≥' : '≤'} ${row.goal} ${row.unit}`.trim() },
    { title: 'Measured', value: (row) => `${row.measured} ${row.unit}`.trim() },
    { title: 'Verdict', value: verdictOf },
  ]);
}

function verdictOf({ met, required }: Row): string {
  if (met) return 'met';
  return required ? 'MISSED' : 'missed (an aim)';
}
