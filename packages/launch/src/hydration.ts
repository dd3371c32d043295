/**
 * Filling in a machine's disks: one QEMU job a disk copies what the overlay does not have yet from the view,
 * while the machine works or is stopped. The jobs live in QEMU and go on without us; all we keep is that
 * hydration is wanted.
 *
 * H1  A disk is complete only when its chain has no backing any more, whatever a job says of itself.
 * H2  After completion the view's node is removed, so that the connection to the replication server ends.
 * H3  Jobs dismiss themselves: QEMU 7.2 crashes when its nodes are listed while a concluded job waits to be
 *     dismissed. So a job that meets an error does not end but pauses (`on-error=stop`), which keeps the
 *     error visible.
 * H4  Jobs are looked at before backings. The other way round a job that ends between the two looks leaves a
 *     disk with a backing and no job: progress falls back to nothing, and a complete disk begins anew.
 * H5  The limit is of all disks together: those that are not complete share it, and take over what one that
 *     has become complete leaves.
 * H6  A disk whose job has ended is flushed before it counts as whole: QEMU takes the backing out of the
 *     image's header at once, but may keep what says where the copied clusters are in its memory, for as long
 *     as nobody flushes the disk. Killed then, it leaves an image that reads as zeros. So whoever asks keeps
 *     on record which disks were flushed; one that has no backing and is not on record gets its view back
 *     before it is opened again (`putViewBack`), and fills in anew what is missing.
 */
export interface HydrationFacts {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly hasBacking: boolean;
  readonly hasViewNode: boolean;
  readonly job: HydrationJob | undefined;
  /** All that was copied is on the host's disk (H6). */
  readonly isFlushed: boolean;
}

export interface HydrationJob {
  readonly doneBytes: number;
  /** Its limit; 0: as fast as it goes. */
  readonly bytesPerSecondMax: number;
  /** What the job paused for. */
  readonly error: 'NO_SPACE' | 'READ_OR_WRITE_FAILED' | undefined;
}

export type HydrationAction =
  | { readonly kind: 'BEGIN' }
  | { readonly kind: 'RESUME'; readonly error: string }
  | { readonly kind: 'SET_SPEED' }
  | { readonly kind: 'WAIT' }
  | { readonly kind: 'FLUSH' }
  | { readonly kind: 'REMOVE_VIEW' }
  | { readonly kind: 'NOTHING' };

/**
 * The one next thing to do for a disk; asked again until it is NOTHING. `bytesPerSecondMax`: of this disk,
 * see `speedOfDisk`.
 */
export function decideHydration(facts: HydrationFacts, bytesPerSecondMax: number): HydrationAction {
  const { job } = facts;
  // Before it is resumed: a job that met a full disk is not to go on as fast as it went.
  if (job !== undefined && job.bytesPerSecondMax !== bytesPerSecondMax) return { kind: 'SET_SPEED' };
  if (job?.error !== undefined) return { kind: 'RESUME', error: job.error };
  if (job !== undefined) return { kind: 'WAIT' };
  if (facts.hasBacking) return { kind: 'BEGIN' };
  if (!facts.isFlushed) return { kind: 'FLUSH' };
  return facts.hasViewNode ? { kind: 'REMOVE_VIEW' } : { kind: 'NOTHING' };
}

export function hydratedBytes(facts: HydrationFacts): number {
  if (!facts.hasBacking) return facts.sizeBytes;
  return Math.min(facts.job?.doneBytes ?? 0, facts.sizeBytes);
}

export interface HydrationDisk {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly overlayPath: string;
  /** On record as flushed (H6). */
  readonly isFlushed: boolean;
}

export interface HydrationRequest {
  readonly machineId: string;
  readonly folder: string;
  readonly disks: readonly HydrationDisk[];
  /** For all disks together; `undefined`: as fast as it goes. */
  readonly bandwidthBytesPerSecond: number | undefined;
}

export interface HydrationOutcome {
  readonly disks: readonly HydrationFacts[];
  /** What kept disks from being filled in; it is tried again. */
  readonly errors: readonly string[];
}

/** H5: the limit of each of these disks that is not complete; 0: as fast as it goes. */
export function speedOfDisk(
  { bandwidthBytesPerSecond = 0 }: Pick<HydrationRequest, 'bandwidthBytesPerSecond'>,
  disks: readonly Pick<HydrationFacts, 'hasBacking'>[],
): number {
  const unfinished = disks.filter(({ hasBacking }) => hasBacking).length;
  return Math.ceil(bandwidthBytesPerSecond / Math.max(1, unfinished));
}

export interface HydrationProgress {
  readonly complete: boolean;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export function sumProgress(disks: readonly HydrationFacts[]): HydrationProgress {
  return {
    complete: disks.every(isComplete),
    doneBytes: disks.reduce((sum, disk) => sum + hydratedBytes(disk), 0),
    totalBytes: disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
  };
}

function isComplete({ job, hasBacking, hasViewNode, isFlushed }: HydrationFacts): boolean {
  return job === undefined && !hasBacking && !hasViewNode && isFlushed;
}
