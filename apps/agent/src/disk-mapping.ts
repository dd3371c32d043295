/**
 * Which disk is which. A disk gets its id (`disk-0`, `disk-1` …) once, at enrolment; device names may move at
 * a reboot, so a known disk is recognised by its serial number, and only disks without one by the identity in
 * its partition table, by name and size, or by a size that no other disk has. A wrong match would compare a
 * disk with another's replica: it costs time, never data.
 */
import type { SourceDisk } from '@landfall/model';

export interface FoundDisk {
  /** `/dev/sda` */
  readonly deviceName: string;
  readonly sizeBytes: number;
  /** Whatever names the hardware: serial number, WWID, the backing file of a loop device. */
  readonly serial?: string;
  /** The disk GUID of a GPT, the signature of an MBR: it moves with the content. */
  readonly tableId?: string;
  readonly isBootDisk: boolean;
  /** False for one that is only taken when it is named (a loop device). */
  readonly isDiscovered?: boolean;
}

export interface KnownDisk extends SourceDisk {
  /** It was added while others were replicated, and its first copy is not complete. */
  readonly isJoining?: boolean;
  readonly serial?: string;
  readonly tableId?: string;
}

/**
 * A machine starts from one disk: the one that holds this server's root, or the first that was named when
 * the root is on none of them.
 */
export function assignDiskIds(found: readonly FoundDisk[]): KnownDisk[] {
  const bootIndex = Math.max(
    0,
    found.findIndex((disk) => disk.isBootDisk),
  );
  return found.map((disk, index) => knownDisk(`disk-${index}`, { ...disk, isBootDisk: index === bootIndex }));
}

function knownDisk(diskId: string, { isDiscovered: _, ...disk }: FoundDisk): KnownDisk {
  return { diskId, ...disk };
}

/** One more than the largest number a disk of these has. */
export function nextDiskNumber(known: readonly KnownDisk[]): number {
  return 1 + Math.max(-1, ...known.map(({ diskId }) => Number(diskId.slice('disk-'.length))));
}

/**
 * `known`, and behind them the found disks that are none of these, each with an id nobody had (D1).
 * `fromNumber`: smaller ones were given to disks that are in neither list.
 */
export function joinDisks(
  known: readonly KnownDisk[],
  found: readonly FoundDisk[],
  fromNumber = 0,
): readonly KnownDisk[] {
  const { unknown } = matchDisks(known, found);
  const next = Math.max(fromNumber, nextDiskNumber(known));
  const joined = unknown.map((disk, index) => ({
    ...knownDisk(`disk-${next + index}`, { ...disk, isBootDisk: false }),
    isJoining: true,
  }));
  return [...known, ...joined];
}

export interface DiskMatch {
  /** Known disks with the name and size they have now, in the order of `known`. */
  readonly present: readonly KnownDisk[];
  readonly missing: readonly KnownDisk[];
  /** Found disks that are none of the known ones. */
  readonly unknown: readonly FoundDisk[];
}

export function matchDisks(known: readonly KnownDisk[], found: readonly FoundDisk[]): DiskMatch {
  const free = new Set(found);
  const matched = new Map<KnownDisk, FoundDisk>();
  const rules = [sameSerial, sameTable(known, found), sameNameAndSize, sameSizeOnly(known, found)];
  for (const isSame of rules) {
    for (const disk of known) {
      if (matched.has(disk)) continue;
      const match = [...free].find((candidate) => isSame(disk, candidate));
      if (match === undefined) continue;
      matched.set(disk, match);
      free.delete(match);
    }
  }
  const present = known.flatMap((disk) => {
    const match = matched.get(disk);
    if (match === undefined) return [];
    const { deviceName, sizeBytes, tableId } = match;
    return [{ ...disk, deviceName, sizeBytes, ...(tableId === undefined ? {} : { tableId }) }];
  });
  return { present, missing: known.filter((disk) => !matched.has(disk)), unknown: [...free] };
}

function sameSerial(known: KnownDisk, found: FoundDisk): boolean {
  return known.serial !== undefined && known.serial === found.serial;
}

/** Only where the identity is one disk's: copies of a disk have the same. */
function sameTable(all: readonly KnownDisk[], candidates: readonly FoundDisk[]) {
  return (known: KnownDisk, found: FoundDisk): boolean => {
    if (known.serial !== undefined && found.serial !== undefined) return false;
    const ofTable = (disk: { readonly tableId?: string }) => disk.tableId === known.tableId;
    if (known.tableId === undefined || !ofTable(found)) return false;
    return all.filter(ofTable).length === 1 && candidates.filter(ofTable).length === 1;
  };
}

function sameNameAndSize(known: KnownDisk, found: FoundDisk): boolean {
  if (known.serial !== undefined && found.serial !== undefined) return false;
  return known.deviceName === found.deviceName && known.sizeBytes === found.sizeBytes;
}

function sameSizeOnly(all: readonly KnownDisk[], candidates: readonly FoundDisk[]) {
  return (known: KnownDisk, found: FoundDisk): boolean => {
    if (known.serial !== undefined && found.serial !== undefined) return false;
    const ofSize = (disk: { readonly sizeBytes: number }) => disk.sizeBytes === known.sizeBytes;
    return ofSize(found) && all.filter(ofSize).length === 1 && candidates.filter(ofSize).length === 1;
  };
}
