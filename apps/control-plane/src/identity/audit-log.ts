/**
 * The audit log: who called what, on which resources, from where, with which outcome.
 *
 * A1  A call that may change something is in the store before it begins (STARTED) and gets its outcome
 *     after; should the program end in between, it stays STARTED.
 * A2  Reads and refusals are written in batches a moment later. When the store does not keep up, calls
 *     wait: nothing is dropped.
 * A3  The oldest events go when they are older than the retention or more than `EVENTS_MAX`.
 */
import { assert, type Clock, describeError, type Logger } from '@landfall/runtime';
import {
  type AuditRecord,
  endAuditEvent,
  insertAuditEvents,
  trimAuditEvents,
} from '../store/audit-events.ts';
import type { Store } from '../store/store.ts';

export const RETENTION_MS = 400 * 86_400_000;
export const EVENTS_MAX = 1_000_000;
const BATCH_MAX = 500;
const WAITING_MAX = 5000;
const FLUSH_MS = 200;
const TRIM_MS = 600_000;

export interface AuditLog {
  /** The outcome STARTED, durable when this resolves. */
  begin(event: AuditRecord): Promise<void>;
  /** The outcome of an event that began, or an event that is complete. */
  end(event: AuditRecord, hasBegun: boolean): Promise<void>;
  /** Everything that was said is in the store when this resolves. */
  flush(): Promise<void>;
  /** Writes until the signal, and the rest then. */
  run(signal: AbortSignal): Promise<void>;
}

export interface AuditOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Waiting {
  readonly event: AuditRecord;
  readonly hasBegun: boolean;
}

export function createAuditLog({ store, clock, log }: AuditOptions): AuditLog {
  const waiting: Waiting[] = [];
  let writing: Promise<void> = Promise.resolve();
  let trimmedAtMs = Number.NEGATIVE_INFINITY;

  const writeBatch = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_MAX);
      await store.transaction(async (tx) => {
        await insertAuditEvents(
          tx,
          batch.filter(({ hasBegun }) => !hasBegun).map(({ event }) => event),
        );
        for (const { event } of batch.filter(({ hasBegun }) => hasBegun)) await endAuditEvent(tx, event);
      });
      waiting.splice(0, batch.length);
    }
  };
  const flush = () => {
    const next = writing.then(writeBatch);
    writing = next.catch((error: unknown) => {
      log.error('audit-not-written', { error, explanation: describeError(error), waiting: waiting.length });
    });
    return next;
  };
  const trim = async () => {
    const nowMs = clock.nowMs();
    if (nowMs < trimmedAtMs + TRIM_MS) return;
    trimmedAtMs = nowMs;
    await store.transaction((tx) =>
      trimAuditEvents(tx, { beforeMs: nowMs - RETENTION_MS, keep: EVENTS_MAX }),
    );
  };
  return {
    begin: (event) => {
      assert(event.outcome === 'STARTED', 'A1: a call that begins has no outcome yet');
      return store.transaction((tx) => insertAuditEvents(tx, [event]));
    },
    end: async (event, hasBegun) => {
      waiting.push({ event, hasBegun });
      if (waiting.length >= WAITING_MAX) await flush();
    },
    flush,
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          await clock.sleep(FLUSH_MS, signal);
          await flush();
          await trim();
        } catch (error) {
          if (!signal.aborted) log.error('audit-not-kept', { error, explanation: describeError(error) });
        }
      }
      await flush();
    },
  };
}
