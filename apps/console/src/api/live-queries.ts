/**
 * What pages show: answers of the API, each kept under its key as long as somebody shows it, asked for again
 * when an event says that it may have changed.
 *
 * Q1  Of one query at most one request is under way. What changes meanwhile makes one more, `GAP_MS` after
 *     the last began at the earliest: a thousand events cost a look a second, not a thousand.
 * Q2  A value stays while it is asked for again, and when that fails; then value and failure are both told.
 * Q3  Nothing is asked for that nobody shows.
 */
import type { EventType, ServiceEvent } from '@landfall/api/types';
import type { ConsoleClock } from '../browser-clock.ts';
import { type ApiFailure, failureOf } from './failure.ts';

export interface LiveQuery<Value> {
  /** Equal keys are equal questions. */
  readonly key: string;
  readonly load: () => Promise<Value>;
  /** Which events make it worth asking again. */
  readonly on: readonly EventType[];
  /** Only those of this resource, or of what belongs to this server; absent: of all. */
  readonly about?: string | undefined;
  /** For what is dear to answer: between two requests at least so long; absent: `GAP_MS`. */
  readonly gapMs?: number;
}

export interface Answer<Value> {
  readonly value?: Value | undefined;
  readonly failure?: ApiFailure | undefined;
  readonly isLoading: boolean;
  /** The request under way takes long. */
  readonly isSlow: boolean;
}

interface Entry {
  query: LiveQuery<unknown>;
  answer: Answer<unknown>;
  readonly listeners: Set<() => void>;
  startedAtMs: number;
  isStale: boolean;
  cancelNext: (() => void) | undefined;
}

export const GAP_MS = 1000;
export const SLOW_MS = 4000;
const NOT_ASKED: Answer<never> = { isLoading: true, isSlow: false };

export class LiveQueries {
  readonly #clock: ConsoleClock;
  readonly #onFailure: (failure: ApiFailure) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: ConsoleClock, onFailure: (failure: ApiFailure) => void) {
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** The same object until something of it changes. */
  answer<Value>(key: string): Answer<Value> {
    return (this.#entries.get(key)?.answer ?? NOT_ASKED) as Answer<Value>;
  }

  /** Returns what ends it; the value goes with the last who shows it. */
  show(query: LiveQuery<unknown>, listener: () => void): () => void {
    const entry = this.#entries.get(query.key) ?? this.#add(query);
    entry.query = query;
    entry.listeners.add(listener);
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size > 0 || this.#entries.get(query.key) !== entry) return;
      entry.cancelNext?.();
      this.#entries.delete(query.key);
    };
  }

  refresh(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#want(entry, 0);
  }

  refreshAll(): void {
    for (const entry of this.#entries.values()) this.#want(entry, gapOf(entry));
  }

  /** An event, or an action of this page that makes one likely. */
  tell(event: Pick<ServiceEvent, 'type' | 'resourceId' | 'sourceServerId'>): void {
    for (const entry of this.#entries.values()) {
      const { on, about } = entry.query;
      const isAbout = about === undefined || about === event.resourceId || about === event.sourceServerId;
      if (isAbout && on.includes(event.type)) this.#want(entry, gapOf(entry));
    }
  }

  #add(query: LiveQuery<unknown>): Entry {
    const entry: Entry = {
      query,
      answer: NOT_ASKED,
      listeners: new Set(),
      startedAtMs: 0,
      isStale: false,
      cancelNext: undefined,
    };
    this.#entries.set(query.key, entry);
    void this.#load(entry);
    return entry;
  }

  /** Q1 */
  #want(entry: Entry, gapMs: number): void {
    if (entry.answer.isLoading) {
      entry.isStale = true;
      return;
    }
    if (entry.cancelNext !== undefined && gapMs > 0) return;
    entry.cancelNext?.();
    const delayMs = Math.max(0, entry.startedAtMs + gapMs - this.#clock.nowMs());
    entry.cancelNext = this.#clock.after(delayMs, () => void this.#load(entry));
  }

  async #load(entry: Entry): Promise<void> {
    entry.cancelNext = undefined;
    entry.isStale = false;
    entry.startedAtMs = this.#clock.nowMs();
    this.#answer(entry, { ...entry.answer, isLoading: true, isSlow: false });
    const cancelSlow = this.#clock.after(SLOW_MS, () =>
      this.#answer(entry, { ...entry.answer, isSlow: true }),
    );
    const { value, failure } = await entry.query.load().then(
      (loaded) => ({ value: loaded, failure: undefined }),
      (error: unknown) => ({ value: entry.answer.value, failure: failureOf(error) }),
    );
    cancelSlow();
    if (this.#entries.get(entry.query.key) !== entry) return;
    this.#answer(entry, { value, failure, isLoading: false, isSlow: false });
    if (failure !== undefined) this.#onFailure(failure);
    if (entry.isStale) this.#want(entry, gapOf(entry));
  }

  #answer(entry: Entry, answer: Answer<unknown>): void {
    entry.answer = answer;
    for (const listener of entry.listeners) listener();
  }
}

function gapOf({ query }: Entry): number {
  return query.gapMs ?? GAP_MS;
}
