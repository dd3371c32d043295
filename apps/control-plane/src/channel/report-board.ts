/**
 * The last report of every program, in memory; the database gets one now and then, so that a restarted
 * control plane knows roughly how things stood without a write per report.
 */
import type { ProgramRole, ReportByRole } from '@landfall/channel';
import type { Seen } from '../lifecycle/replication-view.ts';
import { listReports, saveReport } from '../store/programs.ts';
import type { Queries } from '../store/schema.ts';

const SAVE_EVERY_MS = 30_000;

export interface ReportBoard {
  put<Role extends ProgramRole>(programId: string, seen: Seen<ReportByRole[Role]>): void;
  last<Role extends ProgramRole>(role: Role, programId: string | null): Seen<ReportByRole[Role]> | undefined;
  /** Writes the last report when one is due, or when `urgent`. */
  save(db: Queries, programId: string, urgent: boolean): Promise<void>;
  load(db: Queries): Promise<void>;
  forget(programId: string): void;
}

export function createReportBoard(): ReportBoard {
  const last = new Map<string, Seen<ReportByRole[ProgramRole]>>();
  const savedAtMs = new Map<string, number>();
  return {
    put: (programId, seen) => last.set(programId, seen),
    last: <Role extends ProgramRole>(_role: Role, programId: string | null) =>
      programId === null ? undefined : (last.get(programId) as Seen<ReportByRole[Role]> | undefined),
    save: async (db, programId, urgent) => {
      const seen = last.get(programId);
      if (seen === undefined) return;
      if (!urgent && seen.atMs - (savedAtMs.get(programId) ?? 0) < SAVE_EVERY_MS) return;
      savedAtMs.set(programId, seen.atMs);
      await saveReport(db, programId, seen);
    },
    load: async (db) => {
      for (const { programId, atMs, report } of await listReports(db)) {
        last.set(programId, { atMs, report: report as ReportByRole[ProgramRole] });
      }
    },
    forget: (programId) => {
      last.delete(programId);
      savedAtMs.delete(programId);
    },
  };
}
