/** What the tracker keeps in memory; it is bounded by the window and by what waits for the watermark. */
import type { DiskChanges } from './disk-changes.ts';

export interface HeldCounts {
  /** Changed blocks of the fine phase. */
  readonly records: number;
  /** Versions of them. */
  readonly versions: number;
  /** Events and reads that wait for the watermark. */
  readonly pending: number;
}

export function heldCountsOf(disks: readonly DiskChanges[], pending: number): HeldCounts {
  let records = 0;
  let versions = 0;
  for (const disk of disks) {
    records += disk.records.size;
    for (const record of disk.records.values()) versions += record.versions.length;
  }
  return { records, versions, pending };
}
