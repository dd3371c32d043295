/**
 * Scrubs the journals of all staged servers, a step of each in turn, at a rate that leaves the storage to
 * others: all together read no more than `bytesPerSecond`, and a quarter of it from a journal that is being
 * written. A pass begins at most once in `passIntervalMs`; how far each is survives a restart.
 *
 * What is damaged in the newest state is asked of the agent, again and again until an epoch has brought it.
 */
import { type ResendRange, TokenBucket } from '@landfall/replication';
import { type Clock, describeError, type Logger, OperationError } from '@landfall/runtime';
import { RESEND_EXTENTS_MAX as RESEND_RANGES_MAX } from '@landfall/wire';
import type { StagedServer } from '../staging/staged-server.ts';

export const SCRUB_BYTES_PER_SECOND_DEFAULT = 16 * 1024 * 1024;
export const SCRUB_INTERVAL_MS_DEFAULT = 24 * 3_600_000;
/** What a byte counts while its journal is written. */
const COST_WHILE_WRITTEN = 4;
/** What a step counts that reads less. */
const STEP_BYTES_MIN = 64 * 1024;
const IDLE_MS = 1000;
const FAILURE_PAUSE_MS = 60_000;
const REPAIR_INTERVAL_MS = 2000;
/** The agent may have been away when it was asked. */
const ASK_AGAIN_MS = 30_000;

export interface ScrubberOptions {
  /** Those whose journal is open, at this moment. */
  readonly servers: () => readonly StagedServer[];
  /** 0: nothing is scrubbed. */
  readonly bytesPerSecond: number;
  /** From the beginning of a pass to that of the next, at least. */
  readonly passIntervalMs: number;
  /** Asks the agent of a server for bytes again; false when that is not possible now. */
  readonly resend: (sourceServerId: string, ranges: readonly ResendRange[]) => boolean;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface Repairs {
  /** Looked at again, and asked for last, then. */
  readonly nextMs: number;
  readonly askedMs: number;
  readonly asked: string;
}

export class Scrubber {
  readonly #options: ScrubberOptions;
  readonly #bucket: TokenBucket;
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #repairs = new Map<string, Repairs>();
  readonly #progressSeen = new Map<string, number>();
  /** Their next pass begins at once. */
  readonly #asked = new Set<string>();

  constructor(options: ScrubberOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.clock, options.bytesPerSecond);
  }

  /**
   * The next pass over the journal of a server begins now, if none is under way. Errors: OPTION_INVALID when
   * nothing is scrubbed.
   */
  beginPass(sourceServerId: string): void {
    if (this.#options.bytesPerSecond > 0) return void this.#asked.add(sourceServerId);
    throw new OperationError('OPTION_INVALID', 'this replication server scrubs nothing: its rate is 0', {
      hint: 'start it with another --scrub-rate, or use `landfall journal verify`',
    });
  }

  /** Until the signal; what was read is written down then. */
  async run(signal: AbortSignal): Promise<void> {
    const { servers, bytesPerSecond, clock } = this.#options;
    while (!signal.aborted) {
      let worked = false;
      for (const server of bytesPerSecond === 0 ? [] : servers()) {
        if (!signal.aborted && this.#isDue(server)) worked = (await this.#step(server, signal)) || worked;
        await this.#repair(server);
      }
      if (!worked) await pause(clock, IDLE_MS, signal);
    }
    for (const server of servers()) await this.#leaveWord(server);
  }

  #isDue({ sourceServerId, group, scrub }: StagedServer): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (!group.isOpen() || group.lastEpoch === 0) return false;
    if (nowMs < (this.#pausedUntilMs.get(sourceServerId) ?? 0)) return false;
    if (scrub.isInPass || this.#asked.has(sourceServerId)) return true;
    return Math.abs(nowMs - scrub.status.passStartedAtMs) >= this.#options.passIntervalMs;
  }

  /** Whether anything was read. */
  async #step(server: StagedServer, signal: AbortSignal): Promise<boolean> {
    const { logger, clock } = this.#options;
    const { sourceServerId, group, scrub } = server;
    try {
      const { bytes } = await group.scrub((journal) => scrub.step(journal, clock.nowMs()));
      if (scrub.isInPass) this.#asked.delete(sourceServerId);
      await this.#pay(
        Math.max(bytes, STEP_BYTES_MIN) * (this.#isWritten(server) ? COST_WHILE_WRITTEN : 1),
        signal,
      );
      return true;
    } catch (error) {
      logger.error('scrub-failed', { sourceServerId, error, explanation: describeError(error) });
      this.#pausedUntilMs.set(sourceServerId, clock.nowMs() + FAILURE_PAUSE_MS);
      return false;
    }
  }

  /** Asks for what the newest state has lost, and puts right what can be. */
  async #repair(server: StagedServer): Promise<void> {
    const { logger, clock, resend } = this.#options;
    const { sourceServerId, group, scrub } = server;
    const nowMs = clock.nowMs();
    const known = this.#repairs.get(sourceServerId) ?? { nextMs: 0, askedMs: 0, asked: '' };
    if (!group.isOpen() || scrub.status.damageCount === 0 || nowMs < known.nextMs) return;
    this.#repairs.set(sourceServerId, { ...known, nextMs: nowMs + REPAIR_INTERVAL_MS });
    try {
      const lost = (await group.scrub((journal) => scrub.repair(journal))).slice(0, RESEND_RANGES_MAX);
      const asked = JSON.stringify(lost);
      const isDue = asked !== known.asked || Math.abs(nowMs - known.askedMs) >= ASK_AGAIN_MS;
      if (lost.length === 0 || !isDue) return;
      const ranges = lost.map(({ diskIndex, offsetBytes, lengthBytes }) => {
        const { diskId = '', sizeBytes = 0 } = group.disks[diskIndex] ?? {};
        return { diskId, offsetBytes, lengthBytes: Math.min(lengthBytes, sizeBytes - offsetBytes) };
      });
      if (!resend(sourceServerId, ranges)) return;
      logger.info('repair-asked', { sourceServerId, ranges });
      this.#repairs.set(sourceServerId, { nextMs: nowMs + REPAIR_INTERVAL_MS, askedMs: nowMs, asked });
    } catch (error) {
      logger.error('repair-failed', { sourceServerId, error, explanation: describeError(error) });
      this.#repairs.set(sourceServerId, { ...known, nextMs: nowMs + FAILURE_PAUSE_MS });
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
    if (!group.isOpen()) return;
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
