/**
 * Everything that happens to the disks in the order of time: the kernel's events of all CPUs and our own
 * reads' windows.
 *
 * The watermark: `advance(W)` hands out what lies at or before W. W is certain (C4) because of how it is
 * found: the trace source notes the time, then reads the number of events committed on every CPU, then drains
 * each CPU up to that number. So every event committed before the noted time is here. An event that surfaces
 * later was committed later, whatever time it carries (its CPU may have been descheduled between taking the
 * time and committing), and an issue is committed before the device sees the request, a completion before
 * anybody is told. Such a late event therefore happened, for all that can be observed, after W, and is moved
 * to just behind it.
 *
 * L1 items leave in order, and none at or before a time already handed out.
 */
import { assert } from '@landfall/runtime';
import type { ReadTicket } from '../tracker/read-ticket.ts';
import type { BlockEvent } from './block-event.ts';

export type TimelineItem =
  | { readonly type: 'event'; readonly event: BlockEvent }
  | { readonly type: 'read-start'; readonly ticket: ReadTicket }
  | { readonly type: 'read-end'; readonly ticket: ReadTicket }
  | { readonly type: 'idle'; readonly sighting: IdleSighting };

/** The kernel's own count of writes in flight on a disk was seen at zero. */
export interface IdleSighting {
  readonly diskIndex: number;
  readonly atNs: number;
  /** Requests issued before this are finished; younger ones may not have been counted yet. */
  readonly issuedBeforeNs: number;
}

interface Entry {
  readonly timeNs: number;
  /** At equal times a read's window encloses the events. */
  readonly rank: number;
  readonly order: number;
  readonly item: TimelineItem;
}

const RANK = { 'read-start': 0, event: 1, 'read-end': 2, idle: 3 } as const;

export class Timeline {
  #entries: Entry[] = [];
  #order = 0;
  #reachedNs = -Infinity;
  #lateCount = 0;

  /** Everything at or before this has been handed out. */
  get reachedNs(): number {
    return this.#reachedNs;
  }

  /** Events that surfaced behind the watermark and were moved. */
  get lateCount(): number {
    return this.#lateCount;
  }

  get pendingCount(): number {
    return this.#entries.length;
  }

  add(timeNs: number, item: TimelineItem): void {
    const late = timeNs <= this.#reachedNs;
    if (late) {
      assert(item.type !== 'read-start', 'C4: a read starts after the watermark');
      this.#lateCount += item.type === 'event' ? 1 : 0;
    }
    const time = late ? this.#reachedNs + 1 : timeNs;
    this.#entries.push({ timeNs: time, rank: RANK[item.type], order: this.#order, item });
    this.#order += 1;
  }

  /**
   * Visits in order what lies at or before `throughNs`; a watermark behind the reached one changes nothing.
   */
  advance(throughNs: number, visit: (timeNs: number, item: TimelineItem) => void): void {
    if (throughNs <= this.#reachedNs) return;
    this.#entries.sort(byTime);
    let count = 0;
    while (count < this.#entries.length && (this.#entries[count]?.timeNs ?? Infinity) <= throughNs)
      count += 1;
    const due = this.#entries.splice(0, count);
    this.#reachedNs = throughNs;
    for (const entry of due) visit(entry.timeNs, entry.item);
  }

  /** What has surfaced and lies behind the watermark still. */
  forEachPending(visit: (item: TimelineItem) => void): void {
    for (const { item } of this.#entries) visit(item);
  }

  /** Forgets what is pending; what was handed out stays handed out. */
  clear(): void {
    this.#entries = [];
  }
}

function byTime(left: Entry, right: Entry): number {
  return left.timeNs - right.timeNs || left.rank - right.rank || left.order - right.order;
}
