/**
 * One reader of the events, as the body of an answer.
 *
 * T1  A stream holds no events of its own, only how far its reader is: what a reader does not fetch stays in
 *     the log, which is bounded. So a slow reader costs `HIGH_WATER_BYTES`, and it is cut off when it takes
 *     nothing for `SLOW_MS`.
 * T2  Whether it may go on is asked anew with every heartbeat.
 * T3  A message is whole or not there; the id of the last one says where to go on.
 */
import { Readable } from 'node:stream';
import { encodeServerSentEvent, HEARTBEAT, type Landfall, type ServiceEvent } from '@landfall/api';
import type { Clock } from '@landfall/runtime';
import { pause } from '../keep-looking.ts';
import type { EventLog } from './event-log.ts';

export const HEARTBEAT_MS = 15_000;
export const SLOW_MS = 30_000;
const HIGH_WATER_BYTES = 16 * 1024;

export interface EventStreamOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  /** The id to go on after; absent: from now on. */
  readonly lastEventId: string | undefined;
  readonly expiresAtMs: number | undefined;
  readonly isWanted: (event: ServiceEvent) => Promise<boolean>;
  /** Why it has to end; `undefined`: it may go on. */
  readonly endReason: () => Promise<Landfall.StreamEndReason | undefined>;
}

export class EventStream extends Readable {
  readonly #options: EventStreamOptions;
  readonly #gone = new AbortController();
  readonly #stopped = Promise.withResolvers<void>();
  #isStopping = false;
  #isBeatDue = false;
  #beat: Promise<void>;
  #fetched = Promise.withResolvers<void>();
  #position: string;

  constructor(options: EventStreamOptions) {
    super({ highWaterMark: HIGH_WATER_BYTES });
    this.#options = options;
    this.#position = options.log.lastId;
    this.#beat = this.#nextBeat();
    this.#run().catch((error: unknown) => this.destroy(error as Error));
  }

  /** The server stops: the reader is told, and the body ends. */
  stop(): void {
    this.#isStopping = true;
    this.#stopped.resolve();
  }

  override _read(): void {
    this.#fetched.resolve();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#gone.abort();
    this.#stopped.resolve();
    done(error);
  }

  async #run(): Promise<void> {
    await this.#begin();
    while (!this.destroyed) {
      if (this.#isStopping) return this.#end('SERVER_STOPS');
      if (this.#isBeatDue) {
        const reason = await this.#options.endReason();
        if (reason !== undefined) return this.#end(reason);
        this.#beat = this.#nextBeat();
        await this.#send(HEARTBEAT);
      }
      if (!(await this.#tellNext())) await this.#pause();
    }
  }

  async #begin(): Promise<void> {
    const { log, lastEventId } = this.#options;
    const isKnown = lastEventId !== undefined && log.isKnown(lastEventId);
    if (isKnown) this.#position = lastEventId;
    const event = lastEventId === undefined || isKnown ? 'ready' : 'resync';
    await this.#send(encodeServerSentEvent({ event, id: this.#position, data: '{}' }));
  }

  /** False when there is none. */
  async #tellNext(): Promise<boolean> {
    const { log, isWanted } = this.#options;
    if (!log.isKnown(this.#position)) {
      this.#position = log.lastId;
      await this.#send(encodeServerSentEvent({ event: 'resync', id: this.#position, data: '{}' }));
    }
    const event = log.after(this.#position);
    if (event === undefined) return false;
    this.#position = event.eventId;
    if (await isWanted(event)) {
      await this.#send(encodeServerSentEvent({ id: event.eventId, data: JSON.stringify(event) }));
    }
    return true;
  }

  async #pause(): Promise<void> {
    await Promise.race([this.#options.log.next(), this.#beat, this.#stopped.promise]);
  }

  async #nextBeat(): Promise<void> {
    const { clock, expiresAtMs = Number.POSITIVE_INFINITY } = this.#options;
    this.#isBeatDue = false;
    const waitMs = Math.max(0, Math.min(HEARTBEAT_MS, expiresAtMs - clock.nowMs()));
    await pause(clock, waitMs, this.#gone.signal);
    this.#isBeatDue = true;
  }

  /** T1 */
  async #send(text: string): Promise<void> {
    if (this.destroyed) return;
    this.#fetched = Promise.withResolvers();
    if (this.push(text)) return;
    const awake = new AbortController();
    const isSlow = pause(this.#options.clock, SLOW_MS, awake.signal).then(() => !awake.signal.aborted);
    const waited = Promise.race([this.#fetched.promise, this.#stopped.promise]).then(() => false);
    const isCutOff = await Promise.race([waited, isSlow]);
    awake.abort();
    if (isCutOff) this.destroy(new Error('the reader of the events takes nothing'));
  }

  async #end(reason: Landfall.StreamEndReason): Promise<void> {
    await this.#send(encodeServerSentEvent({ event: 'end', data: JSON.stringify({ reason }) }));
    if (!this.destroyed) this.push(null);
  }
}
