/**
 * What the tripwire has learned and seen of a server, over restarts: `tripwire.json` in the state folder. It
 * is no part of the journal; one that is damaged is begun anew, and the log says so.
 */
import { join } from 'node:path';
import { type Logger, readIfExists, writeDurably } from '@landfall/runtime';
import type { DetectorState, Incident } from './detector.ts';
import type { DayPeaks } from './learned-peaks.ts';

export type TripwireRecords = ReadonlyMap<string, DetectorState>;

const FILE_NAME = 'tripwire.json';
const VERSION = 1;

export async function readTripwire(stateFolder: string, logger: Logger): Promise<TripwireRecords> {
  const path = join(stateFolder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return new Map();
  const records = parse(text);
  if (records === undefined) logger.warn('tripwire-begins-anew', { path, reason: 'the file is damaged' });
  return records ?? new Map();
}

export async function writeTripwire(stateFolder: string, records: TripwireRecords): Promise<void> {
  const document = { version: VERSION, servers: Object.fromEntries(records) };
  await writeDurably(join(stateFolder, FILE_NAME), `${JSON.stringify(document, null, 1)}\n`);
}

function parse(text: string): TripwireRecords | undefined {
  const document = fieldsOf(parseJson(text));
  const servers = fieldsOf(document?.servers);
  if (document?.version !== VERSION || servers === undefined) return undefined;
  const states = Object.entries(servers).map(([id, state]) => ({ id, state: fieldsOf(state) }));
  const valid = states.flatMap(({ id, state }) => {
    const { days, incidents } = state ?? {};
    if (!isListOf(days, isDay) || !isListOf(incidents, isIncident)) return [];
    return [[id, { days, incidents }] as const];
  });
  return valid.length === states.length ? new Map(valid) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.every(isItem);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isDay(value: unknown): value is DayPeaks {
  const { day, bytes, isDoubtful } = fieldsOf(value) ?? {};
  return isCount(day) && isListOf(bytes, isCount) && typeof isDoubtful === 'boolean';
}

function isIncident(value: unknown): value is Incident {
  const fields = fieldsOf(value) ?? {};
  const onset = fieldsOf(fields.onset) ?? {};
  const optional = [fields.endedAtMs, fields.acknowledgedAtMs, fields.pinnedEpoch];
  const counts = [fields.detectedAtMs, fields.windowMs, fields.convertedBytes, fields.lastSeenAtMs];
  return (
    [...counts, onset.epoch, onset.cutTimeMs].every(isCount) &&
    optional.every((count) => count === undefined || isCount(count)) &&
    isListOf(fields.diskIndexes, isCount)
  );
}
