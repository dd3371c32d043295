/**
 * What a journal will need at most if its server goes on changing as it did (pure); undefined when it has
 * seen too little to say.
 *
 * - A tier that is full keeps what it has. One that is filling has so many bytes a second of history, and
 *   grows to its whole span. One that has not begun keeps no more a second than the finer one before it: what
 *   a coarser tier's points see is part of what the finer one's did.
 * - While history is young, much of what is overwritten is the base and takes nothing here; later it will be
 *   a record. So many bytes were overwritten for the first time as the newest state has beside the base.
 * - The newest state beside the base grows no further than the disks, and goes into the base in the end.
 * - Compaction leaves a segment alone of which more than 45 % is live (K1).
 */
import type { JournalSpace, TierSpace } from '@landfall/model';
import { LIVE_SHARE_MAX } from '../compaction/compaction.ts';

/** Less of a tier than this says nothing of the rest. */
const COVERED_SHARE_MIN = 0.1;
const INTERVALS_MIN = 10;
/** Segments that are being written, and rewritten. */
const WORK_BYTES_DEFAULT = 512 * 1024 * 1024;

export type BoundedSpace = Omit<JournalSpace, 'measuredAtMs' | 'totalBytes'>;

export function spaceBound(space: BoundedSpace, workBytes = WORK_BYTES_DEFAULT): number | undefined {
  const tiersBytes = tiersBound(space);
  if (tiersBytes === undefined) return undefined;
  const { baseBytes, tableBytes, diskBytes, marked, passing, heldBytes, otherBytes } = space;
  const newestBytes = newestBound(space);
  const wholeBase = Math.max(baseBytes, Math.min(diskBytes + 2 * tableBytes, baseBytes + newestBytes));
  const live = newestBytes + tiersBytes + marked.bytes + passing.bytes;
  return Math.ceil(wholeBase + live * (1 + garbageFactor(space)) + heldBytes + otherBytes + workBytes);
}

function tiersBound({ tiers, historyMs, newestBytes }: BoundedSpace): number | undefined {
  const isWhole = historyMs >= wholeMs(tiers);
  const firstBytesPerMs = isWhole ? 0 : newestBytes / Math.max(1, historyMs);
  let sum = 0;
  let bytesPerMs: number | undefined;
  for (const [index, tier] of tiers.entries()) {
    const fromMs = tiers[index - 1]?.forMs ?? 0;
    const spanMs = tier.forMs - fromMs;
    const coveredMs = Math.min(spanMs, historyMs - fromMs);
    if (isEnough(tier, { spanMs, coveredMs })) bytesPerMs = tier.bytes / coveredMs + firstBytesPerMs;
    else if (bytesPerMs === undefined) return undefined;
    sum += Math.max(tier.bytes, bytesPerMs * spanMs);
  }
  return sum;
}

function isEnough(
  { everyMs }: TierSpace,
  { spanMs, coveredMs }: { readonly spanMs: number; readonly coveredMs: number },
): boolean {
  return (
    coveredMs > 0 &&
    coveredMs >= Math.min(spanMs, Math.max(COVERED_SHARE_MIN * spanMs, INTERVALS_MIN * everyMs))
  );
}

function newestBound({ newestBytes, diskBytes, historyMs, tiers }: BoundedSpace): number {
  const times = wholeMs(tiers) / Math.max(1, historyMs);
  return times <= 1 ? newestBytes : Math.max(newestBytes, Math.min(diskBytes, newestBytes * times));
}

function wholeMs(tiers: readonly TierSpace[]): number {
  return tiers.at(-1)?.forMs ?? 0;
}

/** Garbage for each live byte: what compaction may leave, or what there is if that is more. */
function garbageFactor({ newestBytes, tiers, marked, reclaimableBytes }: BoundedSpace): number {
  const live = tiers.reduce((sum, { bytes }) => sum + bytes, newestBytes + marked.bytes);
  const measured = live === 0 ? 0 : reclaimableBytes / live;
  return Math.max(1 / LIVE_SHARE_MAX - 1, measured);
}
