/**
 * What is done next to fill in the disks of a domain; pure.
 *
 * L1 A domain has at most one job at a time, which has the whole limit. QEMU 7.2 crashes when its nodes are
 *    listed while a concluded job waits to be dismissed (H3). Jobs of libvirt do not dismiss themselves: it
 *    does, and lists nodes after that for the same job, when another one may just have ended.
 * L2 Nothing of ours that has nodes listed is done while there is a job: a disk is flushed before the next
 *    one begins.
 */
import { decideHydration, type HydrationFacts } from './hydration.ts';

export interface DomainTurn<Disk> {
  readonly setSpeed: readonly Disk[];
  readonly flush: readonly Disk[];
  /** After that. */
  readonly begin: Disk | undefined;
  /** Those whose job ended before they were complete. */
  readonly failed: readonly Disk[];
}

/** `wasBegun`: whether its job was begun and is not known to have done its work. */
export function planTurn<Disk extends HydrationFacts>(
  disks: readonly Disk[],
  bytesPerSecondMax: number,
  wasBegun: (disk: Disk) => boolean,
): DomainTurn<Disk> {
  const wanting = (kind: string) =>
    disks.filter((disk) => decideHydration(disk, bytesPerSecondMax).kind === kind);
  const isBusy = disks.some(({ job }) => job !== undefined);
  const waiting = wanting('BEGIN');
  const failed = waiting.filter(wasBegun);
  // One whose view fails does not keep the others from it.
  const next = waiting.find((disk) => !failed.includes(disk)) ?? waiting[0];
  return {
    setSpeed: wanting('SET_SPEED'),
    flush: isBusy ? [] : wanting('FLUSH'),
    begin: isBusy ? undefined : next,
    failed,
  };
}
