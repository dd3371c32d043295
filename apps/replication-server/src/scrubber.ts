/**
 * Scrubs the journals of all staged servers, a step of each in turn, at a rate that leaves the storage to
 * others: all together read no more than `bytesPerSecond`, and a quarter of it from a journal that is being
 * written. A pass begins at most once in PASS_INTERVAL_MS; how far each is survives a restart.
 */
import { TokenBucket } from '@landfall/replication';
import { type Clock, describeError, type Logger } from '@landfall/runtime';
import type { StagedServer } from './staged-server.ts';

export const SCRUB_BYTES_PER_SECOND_DEFAULT = 16 * 1024 * 1024;
const PASS_INTERVAL_MS = 24 * 3_600_000;
/** What a byte counts while its journal is written. */
const COST_WHILE_WRITTEN = 4;
const IDLE_MS = 1000;
const FAILURE_PAUSE_MS = 60_000;

export interface ScrubberOptions {
  /** Those whose journal is open, at this moment. */
  readonly servers: () => readonly StagedServer[];
  /** 0: nothing is scrubbed. */
  readonly bytesPerSecond: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

export class Scrubber {
  readonly #options: ScrubberOptions;
  readonly #bucket: TokenBucket;
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #progressSeen = new Map<string, number>();

  constructor(options: ScrubberOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.clock, options.bytesPerSecond);
  }

  /** Until the signal; what was read is written down then. */
  async run(signal: AbortSignal): Promise<void> {
    const { servers, bytesPerSecond, clock } = this.#options;
    while (!signal.aborted) {
      let worked = false;
      for (const server of bytesPerSecond === 0 ? [] : servers()) {
        if (!signal.aborted && this.#isDue(server)) worked = (await this.#step(server, signal)) || worked;
      }
      if (!worked) await pause(clock, IDLE_MS, signal);
    }
    for (const server of servers()) await this.#leaveWord(server);
  }

  #isDue({ sourceServerId, group, scrub }: StagedServer): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (!group.isOpen || group.lastEpoch === 0) return false;
    if (nowMs < (this.#pausedUntilMs.get(sourceServerId) ?? 0)) return false;
    return scrub.isInPass || Math.abs(nowMs - scrub.status.passStartedAtMs) >= PASS_INTERVAL_MS;
  }

  /** Whether anything was read. */
  async #step(server: StagedServer, signal: AbortSignal): Promise<boolean> {
    const { logger, clock } = this.#options;
    const { sourceServerId, group, scrub } = server;
    try {
      const { bytes } = await group.scrub((journal) => scrub.step(journal, clock.nowMs()));
      await this.#pay(bytes * (this.#isWritten(server) ? COST_WHILE_WRITTEN : 1), signal);
      return true;
    } catch (error) {
      logger.error('scrub-failed', { sourceServerId, error, explanation: describeError(error) });
      this.#pausedUntilMs.set(sourceServerId, clock.nowMs() + FAILURE_PAUSE_MS);
      return false;
    }
  }

  async #pay(bytes: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#bucket.take(bytes, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #isWritten({ sourceServerId, progressCount }: StagedServer): boolean {
    const before = this.#progressSeen.get(sourceServerId);
    this.#progressSeen.set(sourceServerId, progressCount);
    return before !== progressCount;
  }

  async #leaveWord({ sourceServerId, group, scrub }: StagedServer): Promise<void> {
    if (!group.isOpen) return;
    try {
      await group.scrub((journal) => scrub.save(journal));
    } catch (error) {
      this.#options.logger.warn('scrub-not-written-down', { sourceServerId, error });
    }
  }
}

async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
