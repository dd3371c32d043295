/** Journals for people: what they take, what for, and where that leads. */
import type { Landfall } from '@landfall/api';
import { formatBytes, formatDurationMs } from '@landfall/runtime';
import type { Output } from '../../terminal/output.ts';
import { type Column, formatTable } from '../../terminal/table.ts';

export type ShownSpace = Omit<Landfall.JournalSpace, 'measuredDateTime'>;

export interface JournalRow {
  readonly name: string;
  readonly journal: Landfall.DescribeJournalResponse;
}

export const JOURNAL_COLUMNS: readonly Column<JournalRow>[] = [
  { title: 'SERVER', value: ({ name }) => name },
  { title: 'TOTAL', value: bytesOf(({ totalBytes }) => totalBytes) },
  { title: 'BASE', value: bytesOf(({ baseBytes }) => baseBytes) },
  { title: 'NEWEST', value: bytesOf(({ newestBytes }) => newestBytes) },
  { title: 'TIERS', value: bytesOf(({ tiers }) => tiers.reduce((sum, { bytes }) => sum + bytes, 0)) },
  { title: 'PINS', value: bytesOf(({ marked }) => marked.bytes) },
  { title: 'RECLAIMABLE', value: bytesOf(({ reclaimableBytes }) => reclaimableBytes) },
  { title: 'GROWTH/DAY', value: ({ journal }) => growthText(journal.forecast) },
  { title: 'LIMIT', value: ({ journal }) => journal.limitBytes && formatBytes(journal.limitBytes) },
  { title: 'FORECAST', value: ({ journal }) => journal.forecast.explanation },
];

interface PartRow {
  readonly what: string;
  readonly points?: number;
  readonly bytes: number;
  readonly costBytes?: number;
}

const PART_COLUMNS: readonly Column<PartRow>[] = [
  { title: 'WHAT', value: ({ what }) => what },
  { title: 'POINTS', value: ({ points }) => points },
  { title: 'BYTES', value: ({ bytes }) => formatBytes(bytes) },
  {
    title: 'FREED WITHOUT IT',
    value: ({ costBytes }) => (costBytes === undefined ? undefined : formatBytes(costBytes)),
  },
];

/** Each part of a journal, a line each; they add up to the last. */
export function showParts(output: Output, space: ShownSpace): void {
  output.out(formatTable(partsOf(space), PART_COLUMNS, output.outColumns));
}

function partsOf(space: ShownSpace): PartRow[] {
  const { marked, passing } = space;
  const others: PartRow[] = [
    { what: 'only named or locked points', ...marked },
    { what: 'points that are read, or about to go', ...passing },
    { what: 'reclaimable: no point sees it', bytes: space.reclaimableBytes },
    { what: 'replaced, still read', bytes: space.heldBytes },
    { what: 'epoch under way', bytes: space.openBytes },
    { what: 'documents, headers, rounding', bytes: space.otherBytes },
  ];
  return [
    { what: 'base and its checksums', bytes: space.baseBytes },
    { what: 'newest state, beside the base', bytes: space.newestBytes },
    ...space.tiers.map((tier) => ({ what: tierText(tier), ...tier })),
    ...others.filter(({ points, bytes }) => bytes > 0 || (points ?? 0) > 0),
    { what: 'total', bytes: space.totalBytes },
  ];
}

export function tierText({ everyMs, forMs }: Pick<Landfall.JournalTier, 'everyMs' | 'forMs'>): string {
  const every = everyMs === 0 ? 'every point' : `one each ${spanText(everyMs)}`;
  return `${every}, for ${spanText(forMs)}`;
}

export function growthText({ growthBytesPerDay }: Landfall.SpaceForecast): string | undefined {
  if (growthBytesPerDay === undefined) return undefined;
  return `${growthBytesPerDay < 0 ? '' : '+'}${formatBytes(growthBytesPerDay)}`;
}

export function volumeText({ totalBytes, freeBytes, forecast }: Landfall.StagingVolume): string {
  return `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free, ${forecast.explanation}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

function spanText(ms: number): string {
  const unit = UNITS.find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0);
  return unit === undefined ? formatDurationMs(ms) : `${ms / unit[1]} ${unit[0]}`;
}

function bytesOf(of: (space: Landfall.JournalSpace) => number): Column<JournalRow>['value'] {
  return ({ journal: { space } }) => (space === undefined ? undefined : formatBytes(of(space)));
}
