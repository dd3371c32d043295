/**
 * The stream of what changes (`StreamEvents`), kept open by a fetch that is signed like any other call.
 *
 * E1  LIVE means that the stream is open now; whoever shows values asks by itself while it is not (E3).
 * E2  After a break it goes on after the last event it saw. Every opening tells its listeners that anything
 *     may have changed, and so does a server that can no longer tell everything (`resync`).
 * E3  While it is down listeners are told the same every `POLL_MS`: one slow look, never a storm.
 * E4  The server writes at least every 15 seconds. A line that is silent for three times that is dead, and is
 *     given up.
 * E5  So is an opening without an answer for `OPENING_MS_MAX`: a proxy that keeps the answer to itself is a
 *     stream that is down.
 */
import type { ServiceEvent } from '@landfall/api/types';
import type { ConsoleClock } from '../browser-clock.ts';
import { EventReader, type StreamMessage } from './event-reader.ts';
import { failureOf, isDenied } from './failure.ts';

export type StreamState = 'CONNECTING' | 'LIVE' | 'DOWN';

export interface EventStreamOptions {
  readonly clock: ConsoleClock;
  /** Errors: ApiFailure. A stream of bytes once it is open; it ends with the signal, as that of a fetch. */
  readonly open: (lastEventId: string, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  readonly onEvent: (event: ServiceEvent) => void;
  /** E2, E3 */
  readonly onAnything: () => void;
}

export const POLL_MS = 15_000;
export const OPENING_MS_MAX = 15_000;
const SILENCE_MS_MAX = 45_000;
const AGAIN_MS_MIN = 1000;
const AGAIN_MS_MAX = 30_000;
/** Failures in a row after which it is tried at the slowest. */
const SLOWEST = 6;

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #listeners = new Set<() => void>();
  #stopping = new AbortController();
  #state: StreamState = 'CONNECTING';
  #lastEventId = '';
  #failures = 0;
  #cancelPoll: (() => void) | undefined;
  #cancelAgain: (() => void) | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get state(): StreamState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Again after `stop`, too. */
  start(): void {
    this.#stopping = new AbortController();
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
    this.#cancelAgain?.();
    this.#enter('CONNECTING');
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    const line = new AbortController();
    const giveUp = () => line.abort();
    signal.addEventListener('abort', giveUp);
    try {
      // E5
      const cancelOpening = this.#options.clock.after(OPENING_MS_MAX, giveUp);
      const stream = await this.#options.open(this.#lastEventId, line.signal).finally(cancelOpening);
      await this.#follow(stream, line);
      this.#failures = Math.max(1, this.#failures);
    } catch (error) {
      this.#failures += 1;
      // Who may not listen today will hardly be allowed to in a second.
      if (isDenied(failureOf(error))) this.#failures = SLOWEST;
    }
    signal.removeEventListener('abort', giveUp);
    if (signal.aborted) return;
    this.#enter('DOWN');
    const delayMs = Math.min(AGAIN_MS_MAX, AGAIN_MS_MIN * 2 ** (this.#failures - 1));
    this.#cancelAgain = this.#options.clock.after(delayMs, () => void this.#run());
  }

  async #follow(stream: ReadableStream<Uint8Array>, line: AbortController): Promise<void> {
    this.#enter('LIVE');
    this.#options.onAnything();
    const reader = new EventReader();
    const bytes = stream.getReader();
    line.signal.addEventListener('abort', () => bytes.releaseLock());
    for (;;) {
      // E4
      const cancelSilence = this.#options.clock.after(SILENCE_MS_MAX, () => line.abort());
      const { done, value } = await bytes.read().finally(cancelSilence);
      if (done) return;
      for (const message of reader.read(value)) this.#tell(message);
      this.#failures = 0;
    }
  }

  #tell({ id, event: name, data }: StreamMessage): void {
    if (id !== '') this.#lastEventId = id;
    if (name === 'ready' || name === 'end') return;
    const event = name === '' ? parseEvent(data) : undefined;
    if (event === undefined) this.#options.onAnything();
    else this.#options.onEvent(event);
  }

  #enter(state: StreamState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#cancelPoll?.();
    if (state === 'DOWN') this.#poll();
    for (const listener of this.#listeners) listener();
  }

  /** E3 */
  #poll(): void {
    this.#cancelPoll = this.#options.clock.after(POLL_MS, () => {
      this.#options.onAnything();
      this.#poll();
    });
  }
}

/** `undefined`: something of a newer release. */
export function parseEvent(text: string): ServiceEvent | undefined {
  try {
    const event: unknown = JSON.parse(text);
    const isEvent = typeof event === 'object' && event !== null && 'type' in event && 'resourceId' in event;
    return isEvent ? (event as ServiceEvent) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
