/**
 * Keeps the journals small while they are written: one step of one server at a time, and after each a pause
 * three times as long as it took, so that replication and exports have most of the machine. Where space runs
 * out there are no pauses, and points go within seconds when their tier says so: no earlier, and no others.
 */
import type { JournalGroup } from '@landfall/journal';
import type { Clock, Logger } from '@landfall/runtime';

export interface MaintainedServer {
  readonly sourceServerId: string;
  readonly group: Pick<JournalGroup, 'maintain'>;
}

export interface MaintainOptions {
  servers(): readonly MaintainedServer[];
  /** Points that machines read from, or will again after a restart: they stay. */
  exportedEpochs(sourceServerId: string): Iterable<number>;
  /** Space runs out for this server. */
  isUrgent(sourceServerId: string): boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const IDLE_MS = 5000;
const PAUSE_MS_MIN = 10;
const PAUSE_FACTOR = 3;
/** A server whose storage failed or is full is left alone for so long. */
const FAILED_MS = 60_000;
const NS_PER_MS = 1_000_000n;

/** Resolves when the signal is aborted and nothing is under way. */
export async function maintainJournals(options: MaintainOptions): Promise<void> {
  const { clock, signal } = options;
  const failedNs = new Map<string, bigint>();
  while (!signal.aborted) {
    let hasMore = false;
    for (const server of options.servers()) {
      if (signal.aborted) return;
      const sinceFailureNs = clock.monotonicNs() - (failedNs.get(server.sourceServerId) ?? 0n);
      const isFailed = failedNs.has(server.sourceServerId);
      if (isFailed && sinceFailureNs < BigInt(FAILED_MS) * NS_PER_MS) continue;
      failedNs.delete(server.sourceServerId);
      const startNs = clock.monotonicNs();
      const step = await maintainOne(server, options);
      if (step === 'FAILED') failedNs.set(server.sourceServerId, clock.monotonicNs());
      else if (step) hasMore = true;
      const tookMs = Number((clock.monotonicNs() - startNs) / NS_PER_MS);
      const factor = options.isUrgent(server.sourceServerId) ? 0 : PAUSE_FACTOR;
      await pause(Math.max(PAUSE_MS_MIN, factor * tookMs), options);
    }
    if (!hasMore) await pause(IDLE_MS, options);
  }
}

async function maintainOne(
  { sourceServerId, group }: MaintainedServer,
  { exportedEpochs, isUrgent, logger }: MaintainOptions,
): Promise<boolean | 'FAILED'> {
  try {
    const held = () => new Set(exportedEpochs(sourceServerId));
    return (await group.maintain(held, isUrgent(sourceServerId))).hasMore;
  } catch (error) {
    logger.error('journal-maintenance-failed', { sourceServerId, error });
    return 'FAILED';
  }
}

async function pause(durationMs: number, { clock, signal }: MaintainOptions): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
