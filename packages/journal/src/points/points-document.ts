/**
 * The file `points` (FORMAT.md, "Points"): which epochs are recovery points, and which of them somebody named
 * or locked. Every epoch after `throughEpoch` is a point as soon as it exists; of those up to it only the
 * listed ones are. It is replaced as a whole before a byte that only dropped points see is removed (J3).
 */
import { assert } from '@landfall/runtime';
import { DocumentFields, readDocument } from '../documents/document-fields.ts';
import { encodeDocument, type PlainDocument } from '../documents/sealed-document.ts';
import type { JournalFiles } from '../storage/journal-files.ts';

export const POINTS_PATH = 'points';
const FORMAT = 'landfall-journal-points';
const VERSION = 1;

export interface ListedPoint {
  readonly epoch: number;
  readonly timelineMs: number;
}

export interface PointPin {
  readonly epoch: number;
  readonly name: string;
}

export interface PointLock {
  readonly epoch: number;
  /** Not before this wall clock of the replication server … */
  readonly untilMs: number;
  /** … and not before the journal was open for so long. */
  readonly untilOpenMs: number;
}

export interface PointsDocument {
  readonly journalId: string;
  readonly throughEpoch: number;
  /** In ascending order of both. */
  readonly points: readonly ListedPoint[];
  readonly pins: readonly PointPin[];
  readonly locks: readonly PointLock[];
  /** For how long the journal has been open, over all programs that had it open. */
  readonly openMs: number;
}

export async function writePoints(files: JournalFiles, points: PointsDocument): Promise<void> {
  const document: PlainDocument = {
    format: FORMAT,
    version: VERSION,
    requires: [],
    journalId: points.journalId,
    throughEpoch: points.throughEpoch,
    points: encodePoints(points.points),
    pins: points.pins.map(({ epoch, name }) => ({ epoch, name })),
    locks: points.locks.map(({ epoch, untilMs, untilOpenMs }) => ({ epoch, untilMs, untilOpenMs })),
    openMs: points.openMs,
  };
  await files.replace(POINTS_PATH, encodeDocument(document));
}

/** Errors: JOURNAL_DAMAGED, JOURNAL_VERSION_UNSUPPORTED; `undefined` when there is no such file. */
export async function readPoints(files: JournalFiles): Promise<PointsDocument | undefined> {
  const document = await readDocument(files, POINTS_PATH, { format: FORMAT, versions: [VERSION] });
  if (document === undefined) return undefined;
  const fields = new DocumentFields(POINTS_PATH, document);
  const members = (name: string) => fields.list(name).map((entry) => new DocumentFields(POINTS_PATH, entry));
  return {
    journalId: fields.text('journalId'),
    throughEpoch: fields.whole('throughEpoch'),
    points: decodePoints(fields.text('points')) ?? throwDamaged(fields.damaged('points')),
    pins: members('pins').map((pin) => ({ epoch: pin.whole('epoch'), name: pin.text('name') })),
    locks: members('locks').map((lock) => ({
      epoch: lock.whole('epoch'),
      untilMs: lock.whole('untilMs'),
      untilOpenMs: lock.whole('untilOpenMs'),
    })),
    openMs: fields.whole('openMs'),
  };
}

function throwDamaged(error: Error): never {
  throw error;
}

/** Differences to the point before, as LEB128: about three bytes a point, in base64. */
export function encodePoints(points: readonly ListedPoint[]): string {
  const bytes: number[] = [];
  let before: ListedPoint = { epoch: 0, timelineMs: 0 };
  for (const point of points) {
    assert(point.epoch > before.epoch && point.timelineMs >= before.timelineMs, 'points are in order');
    pushNumber(bytes, point.epoch - before.epoch);
    pushNumber(bytes, point.timelineMs - before.timelineMs);
    before = point;
  }
  return Buffer.from(bytes).toString('base64');
}

/** `undefined` when the text is not what `encodePoints` writes. */
export function decodePoints(text: string): ListedPoint[] | undefined {
  const bytes = Buffer.from(text, 'base64');
  const points: ListedPoint[] = [];
  let before: ListedPoint = { epoch: 0, timelineMs: 0 };
  for (let at = 0; at < bytes.length; ) {
    const epoch = numberAt(bytes, at);
    const timeline = numberAt(bytes, epoch?.end ?? bytes.length);
    if (epoch === undefined || timeline === undefined || epoch.value === 0) return undefined;
    before = { epoch: before.epoch + epoch.value, timelineMs: before.timelineMs + timeline.value };
    if (!Number.isSafeInteger(before.epoch) || !Number.isSafeInteger(before.timelineMs)) return undefined;
    points.push(before);
    at = timeline.end;
  }
  return points;
}

function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  bytes.push(rest);
}

function numberAt(bytes: Buffer, at: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  let weight = 1;
  for (let end = at; end < bytes.length && weight < Number.MAX_SAFE_INTEGER; end += 1) {
    const byte = bytes.readUInt8(end);
    value += (byte % 128) * weight;
    if (byte < 128) return { value, end: end + 1 };
    weight *= 128;
  }
  return undefined;
}
