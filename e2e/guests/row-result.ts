/** What came out of a row of the matrix, and the table of all of them. Pure. */
import { formatTable } from '../../apps/cli/src/terminal/table.ts';
import { describeSpecialty, type GuestRow, RELEASE_NUMBERS } from './guest-row.ts';

export interface RowResult {
  readonly name: string;
  readonly system: string;
  /** `SATA, e1000`. */
  readonly sourceHardware: string;
  readonly special: string;
  readonly outcome: 'PASSED' | 'FAILED' | 'UNAVAILABLE';
  /** Why it did not pass; empty when it did. */
  readonly reasons: readonly string[];
  /** Of the guest itself, whenever it was built; the archive of its release is shared. */
  readonly buildMs?: number;
  /** Until the first answer over HTTP, on the hardware it was installed on. */
  readonly sourceBootMs?: number;
  /** What it said when it was started on virtio as it was. */
  readonly withoutConversion?: string;
  /** From the launch call until the machine was converted. */
  readonly conversionMs?: number;
  /** From then until the first answer over HTTP. */
  readonly bootMs?: number;
  readonly conversion: readonly {
    readonly step: string;
    readonly detail: string;
    readonly durationMs: number;
  }[];
  /** SHA-256 of the source's disks, the same before and after. */
  readonly sourceSha256: readonly string[];
}

export function emptyResult(row: GuestRow): Omit<RowResult, 'outcome' | 'reasons'> {
  return {
    name: row.name,
    system: `Debian ${RELEASE_NUMBERS[row.release]}`,
    sourceHardware: `${row.controller}, e1000`,
    special: describeSpecialty(row),
    conversion: [],
    sourceSha256: [],
  };
}

export function formatResults(results: readonly RowResult[]): string {
  return formatTable(results, [
    { title: 'Guest', value: ({ name }) => name },
    { title: 'System', value: ({ system }) => system },
    { title: 'Source', value: ({ sourceHardware }) => sourceHardware },
    { title: 'What is special', value: ({ special }) => `${special}, MODULES=dep` },
    { title: 'Build', value: ({ buildMs }) => seconds(buildMs) },
    { title: 'On its own hardware', value: ({ sourceBootMs }) => seconds(sourceBootMs) },
    { title: 'Conversion', value: ({ conversionMs }) => seconds(conversionMs) },
    { title: 'Boot', value: ({ bootMs }) => seconds(bootMs) },
    { title: 'Result', value: describeOutcome },
  ]);
}

export function formatSummary(results: readonly RowResult[]): string {
  const count = (outcome: RowResult['outcome']) => results.filter((each) => each.outcome === outcome).length;
  const unavailable = count('UNAVAILABLE');
  const left = unavailable === 0 ? '' : `, ${unavailable} not available here`;
  return `${count('PASSED')} passed, ${count('FAILED')} failed${left}`;
}

function describeOutcome({ outcome, reasons, withoutConversion }: RowResult): string {
  if (outcome === 'UNAVAILABLE') return `not available here: ${reasons.join('; ')}`;
  if (outcome === 'FAILED') return `FAILED: ${reasons.join('; ')}`;
  return withoutConversion === undefined ? 'passed' : 'passed; does not start without conversion';
}

function seconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${(ms / 1000).toFixed(1)} s`;
}
