/**
 * Which disk is which. A disk gets its id (`disk-0`, `disk-1` …) once, at enrolment; device names may move at
 * a reboot, so a known disk is recognised by its serial number, and only disks without one by name and size,
 * or by a size that no other disk has. A wrong match would compare a disk with another's replica: it costs
 * time, never data.
 */
import type { SourceDisk } from '@landfall/model';

export interface FoundDisk {
  /** `/dev/sda` */
  readonly deviceName: string;
  readonly sizeBytes: number;
  /** Whatever names the hardware: serial number, WWID, the backing file of a loop device. */
  readonly serial?: string;
  readonly isBootDisk: boolean;
}

export interface KnownDisk extends SourceDisk {
  readonly serial?: string;
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
  return found.map((disk, index) => ({ diskId: `disk-${index}`, ...disk, isBootDisk: index === bootIndex }));
}

export interface DiskMatch {
  /** Known disks with the name and size they have now, in the order of `known`. */
  readonly present: readonly KnownDisk[];
  readonly missing: readonly KnownDisk[];
}

export function matchDisks(known: readonly KnownDisk[], found: readonly FoundDisk[]): DiskMatch {
  const free = new Set(found);
  const matched = new Map<KnownDisk, FoundDisk>();
  for (const isSame of [sameSerial, sameNameAndSize, sameSizeOnly(known, found)]) {
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
    return match === undefined ? [] : [{ ...disk, deviceName: match.deviceName, sizeBytes: match.sizeBytes }];
  });
  return { present, missing: known.filter((disk) => !matched.has(disk)) };
}

function sameSerial(known: KnownDisk, found: FoundDisk): boolean {
  return known.serial !== undefined && known.serial === found.serial;
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
