/**
 * The last report of every program, in memory; the database gets one now and then, so that a restarted
 * control plane knows roughly how things stood without a write per report.
 *
 * R1 What is due is written in batches, a moment later: thousands of programs cost one commit a second.
 *    Nobody relies on it; what must be durable is in the records.
 */
import type { ProgramRole, ReportByRole } from '@landfall/channel';
import { type Clock, describeError, type Logger } from '@landfall/runtime';
import type { Seen } from '../lifecycle/replication-view.ts';
import { listReports, saveReport } from '../store/programs.ts';
import type { Queries } from '../store/schema.ts';
import type { Store } from '../store/store.ts';

const SAVE_EVERY_MS = 30_000;
const WRITE_EVERY_MS = 1000;

export interface ReportBoard {
  put<Role extends ProgramRole>(programId: string, seen: Seen<ReportByRole[Role]>): void;
  last<Role extends ProgramRole>(role: Role, programId: string | null): Seen<ReportByRole[Role]> | undefined;
  /** Sees to it that the last report is written when one is due, or when it is `urgent`. */
  save(programId: string, urgent: boolean): void;
  load(db: Queries): Promise<void>;
  forget(programId: string): void;
  /** Writes until the signal, and the rest then. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ReportBoardOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createReportBoard({ store, clock, log }: ReportBoardOptions): ReportBoard {
  const last = new Map<string, Seen<ReportByRole[ProgramRole]>>();
  const savedAtMs = new Map<string, number>();
  const due = new Set<string>();
  const write = async () => {
    if (due.size === 0) return;
    const ids = [...due];
    due.clear();
    await store.transaction(async (tx) => {
      for (const programId of ids) {
        const seen = last.get(programId);
        if (seen !== undefined) await saveReport(tx, programId, seen);
      }
    });
  };
  return {
    put: (programId, seen) => last.set(programId, seen),
    last: <Role extends ProgramRole>(_role: Role, programId: string | null) =>
      programId === null ? undefined : (last.get(programId) as Seen<ReportByRole[Role]> | undefined),
    save: (programId, urgent) => {
      const seen = last.get(programId);
      if (seen === undefined) return;
      if (!urgent && seen.atMs - (savedAtMs.get(programId) ?? 0) < SAVE_EVERY_MS) return;
      savedAtMs.set(programId, seen.atMs);
      due.add(programId);
    },
    load: async (db) => {
      for (const { programId, atMs, report } of await listReports(db)) {
        last.set(programId, { atMs, report: report as ReportByRole[ProgramRole] });
      }
    },
    forget: (programId) => {
      last.delete(programId);
      savedAtMs.delete(programId);
      due.delete(programId);
    },
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          await clock.sleep(WRITE_EVERY_MS, signal);
          await write();
        } catch (error) {
          if (!signal.aborted) log.error('reports-not-kept', { error, explanation: describeError(error) });
        }
      }
      await write();
    },
  };
}
