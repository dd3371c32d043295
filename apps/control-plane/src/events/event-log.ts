/**
 * The last events, for whoever reads them at their own pace.
 *
 * E1  Ids grow, across restarts too: they begin with the time. So an id that is larger than the newest was
 *     given by a clock that has been set back, and is not known.
 * E2  Of one resource only the newest event of a type is kept: it says the same as the older ones, look.
 *     Whoever goes on from an id gets the newest event of everything that changed since.
 * E3  At most `eventsMax` are kept. From an id older than what was forgotten nobody can go on.
 */
import type { ServiceEvent } from '@landfall/api';
import { assert } from '@landfall/runtime';

export const EVENTS_MAX = 20_000;
/** Ids of one millisecond; times it, the milliseconds since 1970 stay whole numbers for two centuries. */
const IDS_A_MILLISECOND = 1024;

export type NewEvent = Omit<ServiceEvent, 'eventId' | 'eventTime'>;

interface Entry {
  readonly id: number;
  readonly event: ServiceEvent;
  isNewest: boolean;
}

export class EventLog {
  readonly #eventsMax: number;
  /** By id. */
  #entries: Entry[] = [];
  #newest = new Map<string, Entry>();
  #lastId: number;
  #forgottenId: number;
  #next = Promise.withResolvers<void>();

  constructor({ nowMs, eventsMax = EVENTS_MAX }: { readonly nowMs: number; readonly eventsMax?: number }) {
    this.#lastId = nowMs * IDS_A_MILLISECOND;
    this.#forgottenId = this.#lastId;
    this.#eventsMax = eventsMax;
  }

  get lastId(): string {
    return String(this.#lastId);
  }

  get size(): number {
    return this.#newest.size;
  }

  /** An id that no other event has. */
  drawId(): string {
    this.#lastId += 1;
    return String(this.#lastId);
  }

  append(event: NewEvent, eventTime: string): ServiceEvent {
    const told = { eventId: this.drawId(), eventTime, ...event };
    const entry = { id: this.#lastId, event: told, isNewest: true };
    const key = eventKey(event);
    const older = this.#newest.get(key);
    if (older !== undefined) older.isNewest = false;
    this.#newest.delete(key);
    this.#newest.set(key, entry);
    this.#entries.push(entry);
    this.#forget();
    this.#next.resolve();
    this.#next = Promise.withResolvers();
    return told;
  }

  /** Whether everything that came after this id can still be told. */
  isKnown(eventId: string): boolean {
    const id = Number(eventId);
    return id >= this.#forgottenId && id <= this.#lastId;
  }

  /** The next event that is kept. */
  after(eventId: string): ServiceEvent | undefined {
    for (let index = this.#indexAfter(Number(eventId)); index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry?.isNewest === true) return entry.event;
    }
    return undefined;
  }

  /** Resolves when the next event is told. */
  next(): Promise<void> {
    return this.#next.promise;
  }

  #indexAfter(id: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.id ?? Number.POSITIVE_INFINITY) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** E3; and the entries that E2 left behind, when they are the most. */
  #forget(): void {
    if (this.#newest.size > this.#eventsMax) {
      const [oldest] = this.#newest;
      assert(oldest !== undefined, 'E3: what is too much has an oldest');
      const [key, entry] = oldest;
      entry.isNewest = false;
      this.#newest.delete(key);
      this.#forgottenId = entry.id;
    }
    if (this.#entries.length <= 2 * this.#newest.size + 64) return;
    this.#entries = this.#entries.filter(({ isNewest }) => isNewest);
  }
}

/** Of one job several servers tell. */
export function eventKey({ type, resourceId, sourceServerId = '' }: NewEvent): string {
  return `${type} ${resourceId} ${sourceServerId}`;
}
