/**
 * What the tracker knows of the kernel's block events: which disk, which sectors, what kind of operation.
 * Layouts come from the `format` files; the operation comes from `rwbs` (kernel-tracing.md, requirements
 * 4–9):
 *
 *     [F] OP [F] [A] [S] [M] [U]      a leading F is a pre-flush; the letter after it is the operation
 *     R read · W write (WZ write zeroes from 7.0) · D discard (DE secure erase) · FF flush · Z? zones
 *     N anything else
 *
 * Whatever has sectors and is neither a read nor a discard is a write: `N` is write-zeroes up to 6.18.
 */
import { assert } from '@landfall/runtime';
import { requireField, type TraceEventFormat } from './trace-format.ts';

export const SECTOR_BYTES = 512;

/** `none`: a flush, or a passthrough command that shows no range. */
export type BlockOperation = 'read' | 'write' | 'discard' | 'none';
export type BlockEventKind = 'issue' | 'complete' | 'requeue';

export interface BlockEvent {
  readonly kind: BlockEventKind;
  readonly operation: BlockOperation;
  readonly diskIndex: number;
  readonly sector: number;
  readonly sectorCount: number;
  /** Since the trace's base; the timeline may move it forward, never back. */
  readonly timeNs: number;
}

export interface BlockEventFormats {
  readonly issue: TraceEventFormat;
  readonly complete: TraceEventFormat;
  /** Not every kernel has it. */
  readonly requeue?: TraceEventFormat;
}

export interface BlockEventDecoder {
  /** `undefined` for anything that is not an event of a tracked disk with a range on it. */
  decode(page: Buffer, payloadOffsetBytes: number, timeNs: number): BlockEvent | undefined;
  /** The thread in whose context the event was traced. */
  threadIdOf(page: Buffer, payloadOffsetBytes: number): number;
  /** Commands of unknown direction and range seen on tracked disks (SG_IO, NVMe ioctl). */
  readonly passthroughCount: number;
  /** The disks they were for. */
  readonly passthroughDisks: ReadonlySet<number>;
}

/** `diskIndexOf` maps the kernel's dev_t (major << 20 | minor). */
export function createBlockEventDecoder(
  formats: BlockEventFormats,
  diskIndexOf: ReadonlyMap<number, number>,
): BlockEventDecoder {
  const layouts = new Map<number, EventLayout>();
  const add = (kind: BlockEventKind, format: TraceEventFormat) =>
    layouts.set(format.id, layoutOf(kind, format));
  add('issue', formats.issue);
  add('complete', formats.complete);
  if (formats.requeue !== undefined) add('requeue', formats.requeue);
  assert(layouts.size >= 2, 'every event has its own ID');
  const threadId = requireField(formats.issue.name, formats.issue.fields, 'common_pid', 4).offsetBytes;
  let passthroughCount = 0;
  const passthroughDisks = new Set<number>();
  return {
    threadIdOf: (page, at) => page.readInt32LE(at + threadId),
    decode(page, at, timeNs) {
      const layout = layouts.get(page.readUInt16LE(at));
      if (layout === undefined) return undefined;
      const diskIndex = diskIndexOf.get(page.readUInt32LE(at + layout.dev));
      if (diskIndex === undefined) return undefined;
      const sectorCount = page.readUInt32LE(at + layout.sectorCount);
      if (sectorCount === 0) {
        if (isPassthrough(page, at, layout)) {
          passthroughCount += 1;
          passthroughDisks.add(diskIndex);
        }
        return undefined;
      }
      const operation = operationAt(page, at + layout.rwbs, layout.rwbsSize);
      const sector = sectorAt(page, at + layout.sector, layout.sectorSize);
      if (operation === 'none' || sector === undefined) return undefined;
      return { kind: layout.kind, operation, diskIndex, sector, sectorCount, timeNs };
    },
    passthroughDisks,
    get passthroughCount() {
      return passthroughCount;
    },
  };
}

/** The operation of an `rwbs` text. */
export function operationOf(rwbs: string): BlockOperation {
  return operationAt(Buffer.from(rwbs, 'latin1'), 0, rwbs.length);
}

interface EventLayout {
  readonly kind: BlockEventKind;
  readonly dev: number;
  readonly sector: number;
  readonly sectorSize: number;
  readonly sectorCount: number;
  readonly rwbs: number;
  readonly rwbsSize: number;
  /** Only `issue` has it. */
  readonly bytes: number | undefined;
}

function layoutOf(kind: BlockEventKind, { name, fields }: TraceEventFormat): EventLayout {
  const sector = requireField(name, fields, 'sector', 4, 8);
  const rwbs = requireField(name, fields, 'rwbs');
  return {
    kind,
    dev: requireField(name, fields, 'dev', 4).offsetBytes,
    sector: sector.offsetBytes,
    sectorSize: sector.sizeBytes,
    sectorCount: requireField(name, fields, 'nr_sector', 4).offsetBytes,
    rwbs: rwbs.offsetBytes,
    rwbsSize: rwbs.sizeBytes,
    bytes: fields.get('bytes')?.offsetBytes,
  };
}

const LETTER_D = 0x44;
const LETTER_E = 0x45;
const LETTER_F = 0x46;
const LETTER_R = 0x52;

function operationAt(page: Buffer, at: number, sizeBytes: number): BlockOperation {
  const letter = (index: number) => (index < sizeBytes ? (page[at + index] ?? 0) : 0);
  const first = letter(0) === LETTER_F ? 1 : 0;
  switch (letter(first)) {
    case LETTER_R:
      return 'read';
    case LETTER_D:
      return letter(first + 1) === LETTER_E ? 'write' : 'discard';
    case LETTER_F:
      return 'none';
    default:
      return 'write';
  }
}

/** `undefined` for 2^64−1, which stands for "no sector". */
function sectorAt(page: Buffer, at: number, sizeBytes: number): number | undefined {
  if (sizeBytes === 4) return page.readUInt32LE(at);
  const sector = page.readUInt32LE(at + 4) * 2 ** 32 + page.readUInt32LE(at);
  return Number.isSafeInteger(sector) ? sector : undefined;
}

function isPassthrough(page: Buffer, at: number, layout: EventLayout): boolean {
  return layout.bytes !== undefined && page.readUInt32LE(at + layout.bytes) > 0;
}
