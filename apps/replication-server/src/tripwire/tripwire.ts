/**
 * Watches all staged servers for what encrypts their files, one after the other, and beside everything else:
 * a look at them is followed by a pause many times as long as it took, or several times where there are many.
 *
 * What was learned is written down every few minutes and at each alarm; what a crash loses is learned again.
 */
import type { JournalGroup } from '@landfall/journal';
import { type Clock, type Logger, type Random, systemRandom } from '@landfall/runtime';
import type { TripwireRecords } from './file-tripwire.ts';
import { ServerTripwire } from './server-tripwire.ts';

export interface WatchedServer {
  readonly sourceServerId: string;
  readonly group: JournalGroup;
}

export interface TripwireOptions {
  readonly records: TripwireRecords;
  save(records: TripwireRecords): Promise<void>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random?: Random;
}

const LOOK_INTERVAL_MS = 1000;
const PAUSE_FACTOR = 30;
/** Nobody waits longer for an alarm, unless a round takes its time. */
const PAUSE_MS_MAX = 5000;
const PAUSE_FACTOR_MIN = 3;
const SAVE_INTERVAL_MS = 10 * 60_000;
const NS_PER_MS = 1_000_000n;

export class Tripwire {
  readonly #options: TripwireOptions;
  readonly #servers = new Map<JournalGroup, ServerTripwire>();
  #records: Map<string, ReturnType<TripwireRecords['get']> & {}>;
  #saved: string;
  #savedNs: bigint;

  constructor(options: TripwireOptions) {
    this.#options = options;
    this.#records = new Map(options.records);
    this.#saved = textOf(this.#records);
    this.#savedNs = options.clock.monotonicNs();
  }

  /** The one of this journal; what is known of the server is of whatever journal it had. */
  of({ sourceServerId, group }: WatchedServer): ServerTripwire {
    const known = this.#servers.get(group);
    if (known !== undefined) return known;
    this.#forget(sourceServerId);
    const { logger, random = systemRandom } = this.#options;
    const state = this.#records.get(sourceServerId);
    const tripwire = new ServerTripwire({
      ...{ sourceServerId, group, random, logger },
      ...(state === undefined ? {} : { state }),
    });
    this.#servers.set(group, tripwire);
    return tripwire;
  }

  /** Until the signal. `servers`: those whose journal is open, at that moment. */
  async run(servers: () => readonly WatchedServer[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const startNs = clock.monotonicNs();
      await this.lookAt(servers(), signal);
      const tookMs = Number((clock.monotonicNs() - startNs) / NS_PER_MS);
      await pause(clock, pauseAfter(tookMs), signal);
    }
    await this.#save();
  }

  /** One round. */
  async lookAt(servers: readonly WatchedServer[], signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (const server of servers) {
      if (signal?.aborted === true || !server.group.isOpen()) continue;
      const tripwire = this.of(server);
      const before = tripwire.incidents.at(-1);
      await tripwire.look(clock.nowMs());
      const now = tripwire.incidents.at(-1);
      const isSame = now?.detectedAtMs === before?.detectedAtMs && now?.pinnedEpoch === before?.pinnedEpoch;
      if (!isSame) await this.#save();
    }
    this.#dropClosed();
    if (clock.monotonicNs() - this.#savedNs > BigInt(SAVE_INTERVAL_MS) * NS_PER_MS) await this.#save();
  }

  async acknowledge(server: WatchedServer, wasExpected: boolean): Promise<void> {
    this.of(server).acknowledge(this.#options.clock.nowMs(), wasExpected);
    await this.#save();
  }

  /** A journal that was opened anew has another watch; what was learned goes on. */
  #forget(sourceServerId: string): void {
    for (const [group, tripwire] of this.#servers) {
      if (tripwire.sourceServerId !== sourceServerId) continue;
      this.#records.set(sourceServerId, tripwire.state);
      this.#servers.delete(group);
    }
  }

  #dropClosed(): void {
    for (const [group, tripwire] of this.#servers) {
      if (!group.isOpen()) this.#forget(tripwire.sourceServerId);
    }
  }

  async #save(): Promise<void> {
    const { save, logger, clock } = this.#options;
    this.#savedNs = clock.monotonicNs();
    for (const tripwire of this.#servers.values()) this.#records.set(tripwire.sourceServerId, tripwire.state);
    const text = textOf(this.#records);
    if (text === this.#saved) return;
    try {
      await save(this.#records);
      this.#saved = text;
    } catch (error) {
      logger.warn('tripwire-not-written-down', { error });
    }
  }
}

function pauseAfter(tookMs: number): number {
  const usualMs = Math.min(PAUSE_MS_MAX, Math.max(LOOK_INTERVAL_MS, PAUSE_FACTOR * tookMs));
  return Math.max(usualMs, PAUSE_FACTOR_MIN * tookMs);
}

function textOf(records: TripwireRecords): string {
  return JSON.stringify([...records]);
}

async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
