/**
 * Whose a record's bytes are (pure). What epoch _e_ wrote and epoch _o_ overwrote next is seen by the
 * recovery points from _e_ to before _o_, a run of rows in the list of points. The bytes belong to
 *
 * - the newest state, when the newest point is among them;
 * - else the tier of the newest of them that a tier keeps;
 * - else named and locked points; else points that are read or about to go; else nobody.
 *
 * So every byte has one owner, and sums are exact. What a tier _costs_ is another question, since points of
 * two tiers often see the same bytes: the policy is applied without the tier, and what no point sees then
 * would be freed.
 */

import type { RetentionTier } from '@landfall/model';
import { type AgedPoint, pointsToKeep, tierOf } from '../points/retention-policy.ts';

export interface TalliedPoints {
  /** Oldest first. */
  readonly points: readonly AgedPoint[];
  readonly tiers: readonly RetentionTier[];
  /** Named or locked. */
  readonly marked: ReadonlySet<number>;
  /** Read at this moment. */
  readonly read: ReadonlySet<number>;
}

export interface SpaceShare {
  readonly points: number;
  readonly bytes: number;
  readonly costBytes: number;
}

export interface TalliedSpace {
  readonly newestBytes: number;
  readonly tiers: readonly SpaceShare[];
  readonly marked: SpaceShare;
  readonly passing: SpaceShare;
  readonly reclaimableBytes: number;
  readonly openBytes: number;
}

/** The rows of points that see something: from `from` to before `to`. */
interface Rows {
  readonly from: number;
  readonly to: number;
}

export class SpaceTally {
  readonly #epochs: Float64Array;
  /** The class of points that neither a tier nor a mark keeps; before it marks, and before that tiers. */
  readonly #passing: number;
  /** By class, tiers first: how many points it has, what is theirs, and what they cost. */
  readonly #points: number[];
  readonly #bytes: number[];
  readonly #costs: number[];
  /** By class, then by row: the row of the last point of the class before it; -1: there is none. */
  readonly #lastOfTiers: Int32Array;
  readonly #classOfRow: Uint8Array;
  readonly #lastMarked: Int32Array;
  /** By class: how many points before a row stay without it. */
  readonly #staying: readonly Uint32Array[];
  #newestBytes = 0;
  #reclaimableBytes = 0;
  #openBytes = 0;

  constructor(from: TalliedPoints) {
    const { points, tiers } = from;
    const marked = tiers.length;
    this.#passing = marked + 1;
    this.#epochs = Float64Array.from(points, ({ epoch }) => epoch);
    this.#classOfRow = classesOf(from);
    this.#lastOfTiers = lastRows(this.#classOfRow, (owner) => owner < marked);
    this.#lastMarked = lastRows(this.#classOfRow, (owner) => owner === marked);
    this.#staying = stayingWithout(from);
    const zeroes = () => Array.from({ length: tiers.length + 2 }, () => 0);
    [this.#points, this.#bytes, this.#costs] = [zeroes(), zeroes(), zeroes()];
    for (const owner of this.#classOfRow) add(this.#points, owner, 1);
  }

  /** `overwrittenEpoch`: Infinity when nothing overwrote all of it. */
  add(epoch: number, overwrittenEpoch: number, bytes: number): void {
    const rows = { from: this.#rowFrom(epoch), to: this.#rowFrom(overwrittenEpoch) };
    const count = this.#epochs.length;
    if (rows.from === count) this.#openBytes += bytes;
    else if (rows.from >= rows.to) this.#reclaimableBytes += bytes;
    else if (rows.to === count) this.#newestBytes += bytes;
    else this.#addToOwner(rows, bytes);
  }

  /** What an epoch takes although nothing may be seen of it: it goes when its point does. */
  addCommit(epoch: number, bytes: number): void {
    this.add(epoch, epoch + 1, bytes);
  }

  get result(): TalliedSpace {
    const shareOf = (owner: number): SpaceShare => ({
      points: this.#points[owner] ?? 0,
      bytes: this.#bytes[owner] ?? 0,
      costBytes: this.#costs[owner] ?? 0,
    });
    const tiers = Array.from({ length: this.#passing - 1 }, (_, tier) => shareOf(tier));
    return {
      newestBytes: this.#newestBytes,
      tiers,
      marked: shareOf(this.#passing - 1),
      passing: shareOf(this.#passing),
      reclaimableBytes: this.#reclaimableBytes,
      openBytes: this.#openBytes,
    };
  }

  #addToOwner(rows: Rows, bytes: number): void {
    const owner = this.#ownerOf(rows);
    add(this.#bytes, owner, bytes);
    if (owner === this.#passing) return;
    for (const [without, staying] of this.#staying.entries()) {
      if (staying[rows.to] === staying[rows.from]) add(this.#costs, without, bytes);
    }
  }

  #ownerOf({ from, to }: Rows): number {
    const tierRow = this.#lastOfTiers[to] ?? -1;
    if (tierRow >= from) return this.#classOfRow[tierRow] ?? this.#passing;
    return (this.#lastMarked[to] ?? -1) >= from ? this.#passing - 1 : this.#passing;
  }

  /** The first row whose epoch is `epoch` or later. */
  #rowFrom(epoch: number): number {
    let low = 0;
    let high = this.#epochs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#epochs[middle] as number) < epoch) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Of each point: the tier that keeps it, or after the tiers "marked", or "passing". */
function classesOf({ points, tiers, marked }: TalliedPoints): Uint8Array {
  const kept = pointsToKeep(points, tiers, () => false);
  const nowMs = points.at(-1)?.timelineMs ?? 0;
  return Uint8Array.from(points, ({ epoch, timelineMs }, row) => {
    if (kept[row] === true) return Math.min(tierOf(tiers, timelineMs, nowMs), tiers.length - 1);
    return marked.has(epoch) ? tiers.length : tiers.length + 1;
  });
}

/** For each tier, and then for names and locks: how many points before each row stay without it. */
function stayingWithout({ points, tiers, marked, read }: TalliedPoints): Uint32Array[] {
  const isProtected = (epoch: number) => marked.has(epoch) || read.has(epoch);
  const withoutTier = tiers.map((_, tier) => pointsToKeep(points, tiers.toSpliced(tier, 1), isProtected));
  const withoutMarks = pointsToKeep(points, tiers, (epoch) => read.has(epoch));
  return [...withoutTier, withoutMarks].map(countsBefore);
}

function countsBefore(flags: readonly boolean[]): Uint32Array {
  const counts = new Uint32Array(flags.length + 1);
  for (const [row, flag] of flags.entries()) counts[row + 1] = (counts[row] ?? 0) + (flag ? 1 : 0);
  return counts;
}

function lastRows(classes: Uint8Array, isWanted: (owner: number) => boolean): Int32Array {
  const last = new Int32Array(classes.length + 1).fill(-1);
  for (const [row, owner] of classes.entries()) last[row + 1] = isWanted(owner) ? row : (last[row] ?? -1);
  return last;
}

function add(sums: number[], index: number, amount: number): void {
  sums[index] = (sums[index] ?? 0) + amount;
}
