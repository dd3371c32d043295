/** What the appliance tells of files, as plain values. */
import type { FileKind } from '@landfall/model';

export interface GuestStatus {
  readonly kind: FileKind;
  /** Permissions with setuid, setgid and sticky, without the kind: at most 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** What it takes on the disk: less than its size when it is sparse. */
  readonly allocatedBytes: number;
  readonly modifiedMs: number;
  readonly linkCount: number;
}

export interface GuestEntry extends GuestStatus {
  readonly name: Buffer;
  /** Of a symbolic link that can be read. */
  readonly target: Buffer | undefined;
}

const KIND_BY_TYPE: Readonly<Record<number, FileKind>> = {
  1: 'FIFO',
  2: 'CHARACTER_DEVICE',
  4: 'FOLDER',
  6: 'BLOCK_DEVICE',
  8: 'FILE',
  10: 'SYMLINK',
  12: 'SOCKET',
};
/** Of a name whose status cannot be read: a damaged folder is listed all the same. */
export const UNKNOWN_STATUS: GuestStatus = {
  kind: 'UNKNOWN',
  ...{ mode: 0, uid: 0, gid: 0 },
  ...{ sizeBytes: 0, allocatedBytes: 0, modifiedMs: 0, linkCount: 0 },
};

const PERMISSIONS = 0o7777;
const TYPE_SHIFT = 12;
const SECTOR_BYTES = 512;
/** A Date takes no more, and a damaged time may be any. */
const DATE_MS_MAX = 8.64e15;

/** `ls0` writes names, each ended by a NUL. Sorted by their bytes. */
export function parseNames(content: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let start = 0;
  for (let end = content.indexOf(0); end >= 0; end = content.indexOf(0, start)) {
    names.push(content.subarray(start, end));
    start = end + 1;
  }
  return names.sort(Buffer.compare);
}

/** `statns` prints the fields of one, `lstatnslist` blocks `[N] = {` … `}` in the order of the names. */
export function parseStatuses(output: string): (GuestStatus | undefined)[] {
  const blocks = output.includes('] = {') ? output.split(/^\[\d+\] = \{$/m).slice(1) : [output];
  return blocks.map(parseStatus);
}

function parseStatus(block: string): GuestStatus | undefined {
  const fields = new Map(
    [...block.matchAll(/^\s*st_(\w+): (-?\d+)$/gm)].map(([, name, value]) => [name, value]),
  );
  const field = (name: string) => Number(fields.get(name) ?? Number.NaN);
  const mode = field('mode');
  const kind = KIND_BY_TYPE[mode >> TYPE_SHIFT];
  // Of a name that is gone, all fields are -1.
  if (kind === undefined || field('ino') < 0) return undefined;
  return {
    kind,
    mode: mode & PERMISSIONS,
    uid: field('uid'),
    gid: field('gid'),
    sizeBytes: field('size'),
    allocatedBytes: field('blocks') * SECTOR_BYTES,
    modifiedMs: dateMs(field('mtime_sec') * 1000 + Math.floor(field('mtime_nsec') / 1e6)),
    linkCount: field('nlink'),
  };
}

function dateMs(ms: number): number {
  return Math.max(-DATE_MS_MAX, Math.min(DATE_MS_MAX, ms));
}
