/** The streams that are open, and how many there may be. */
import { ApiError } from '@landfall/api';
import type { Clock } from '@landfall/runtime';
import { pause } from '../keep-looking.ts';
import { EventStream, type EventStreamOptions } from './event-stream.ts';

export const STREAMS_MAX = 256;
export const STREAMS_OF_KEY_MAX = 16;
/** For the last message to leave; connections are cut after it. */
const FAREWELL_MS = 100;

export class EventStreams {
  readonly #clock: Clock;
  readonly #accessKeys = new Map<EventStream, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#accessKeys.size;
  }

  /** Sessions count with the key that they come from. Throws ThrottlingException. */
  open(accessKeyId: string, options: EventStreamOptions): EventStream {
    const ofKey = [...this.#accessKeys.values()].filter((id) => id === accessKeyId).length;
    if (this.count >= STREAMS_MAX || ofKey >= STREAMS_OF_KEY_MAX) {
      throw ApiError.throttled('There are too many event streams. Close one first.', 30);
    }
    const stream = new EventStream(options);
    this.#accessKeys.set(stream, accessKeyId);
    stream.once('close', () => this.#accessKeys.delete(stream));
    return stream;
  }

  async close(): Promise<void> {
    if (this.count === 0) return;
    for (const stream of this.#accessKeys.keys()) stream.stop();
    await pause(this.#clock, FAREWELL_MS, new AbortController().signal);
  }
}
