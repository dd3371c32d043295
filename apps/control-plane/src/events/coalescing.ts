/**
 * Not every change is an event of its own: of one resource and type at most one is told in so many
 * milliseconds. The first at once, the newest of those that follow when the time is over. Pure; the time is
 * given.
 *
 * C1  The last change of a resource is always told, at most a gap after it came.
 * C2  What is remembered is what was told or came within the last gap.
 */
import type { EventType } from '@landfall/api';
import { eventKey, type NewEvent } from './event-log.ts';

const GAP_MS = 200;
/** Numbers that change all the time. */
const GAPS_MS: Partial<Readonly<Record<EventType, number>>> = {
  ReplicationChanged: 1000,
  RecoveryPointChanged: 1000,
};

interface Told {
  readonly freeAtMs: number;
  readonly held: NewEvent | undefined;
}

export class Coalescing {
  #told = new Map<string, Told>();

  /** What is to be told now. */
  offer(event: NewEvent, nowMs: number): readonly NewEvent[] {
    const key = eventKey(event);
    const told = this.#told.get(key);
    if (told !== undefined && told.freeAtMs > nowMs) {
      this.#told.set(key, { ...told, held: event });
      return [];
    }
    this.#told.set(key, { freeAtMs: nowMs + gapOf(event), held: undefined });
    return [event];
  }

  /** What was held back for long enough. */
  due(nowMs: number): readonly NewEvent[] {
    const over = [...this.#told].filter(([, { freeAtMs }]) => freeAtMs <= nowMs);
    return over.flatMap(([key, { held }]) => {
      this.#told.delete(key);
      if (held === undefined) return [];
      this.#told.set(key, { freeAtMs: nowMs + gapOf(held), held: undefined });
      return [held];
    });
  }
}

function gapOf({ type }: NewEvent): number {
  return GAPS_MS[type] ?? GAP_MS;
}
