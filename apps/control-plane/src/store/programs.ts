/** Programs that enrolled: agents, replication servers, launch hosts. */
import type { ProgramRole, ReportByRole } from '@landfall/channel';
import { decodeDocument, encodeDocument } from './document.ts';
import type { ProgramTable, Queries } from './schema.ts';

export interface ProgramRecord {
  readonly programId: string;
  readonly role: ProgramRole;
  readonly installId: string;
  readonly publicKeyPem: string;
  readonly certificateFingerprint: string;
  readonly version: string;
  readonly enrolledAtMs: number;
  readonly lastSeenAtMs: number | null;
  readonly revokedAtMs: number | null;
}

export async function insertProgram(tx: Queries, program: ProgramRecord): Promise<void> {
  await tx
    .insertInto('program')
    .values({
      program_id: program.programId,
      role: program.role,
      install_id: program.installId,
      public_key_pem: program.publicKeyPem,
      certificate_fingerprint: program.certificateFingerprint,
      version: program.version,
      enrolled_at_ms: program.enrolledAtMs,
      last_seen_at_ms: program.lastSeenAtMs,
      revoked_at_ms: program.revokedAtMs,
      report: null,
    })
    .execute();
}

export async function findProgram(db: Queries, programId: string): Promise<ProgramRecord | undefined> {
  const row = await db
    .selectFrom('program')
    .selectAll()
    .where('program_id', '=', programId)
    .executeTakeFirst();
  return row === undefined ? undefined : toProgram(row);
}

/** The program that this install is now; revoked ones are history. */
export async function findInstalled(
  db: Queries,
  role: ProgramRole,
  installId: string,
): Promise<ProgramRecord | undefined> {
  const row = await db
    .selectFrom('program')
    .selectAll()
    .where('role', '=', role)
    .where('install_id', '=', installId)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toProgram(row);
}

export async function listPrograms(db: Queries, role: ProgramRole): Promise<readonly ProgramRecord[]> {
  const rows = await db
    .selectFrom('program')
    .selectAll()
    .where('role', '=', role)
    .where('revoked_at_ms', 'is', null)
    .orderBy('enrolled_at_ms')
    .execute();
  return rows.map(toProgram);
}

export interface Reenrolment {
  readonly certificateFingerprint: string;
  readonly version: string;
  readonly enrolledAtMs: number;
}

export async function updateEnrolment(tx: Queries, programId: string, change: Reenrolment): Promise<void> {
  await tx
    .updateTable('program')
    .set({
      certificate_fingerprint: change.certificateFingerprint,
      version: change.version,
      enrolled_at_ms: change.enrolledAtMs,
    })
    .where('program_id', '=', programId)
    .execute();
}

export async function revokeProgram(tx: Queries, programId: string, nowMs: number): Promise<void> {
  await tx
    .updateTable('program')
    .set({ revoked_at_ms: nowMs })
    .where('program_id', '=', programId)
    .where('revoked_at_ms', 'is', null)
    .execute();
}

export async function saveReport<Role extends ProgramRole>(
  db: Queries,
  programId: string,
  seen: { readonly atMs: number; readonly report: ReportByRole[Role] },
): Promise<void> {
  await db
    .updateTable('program')
    .set({ last_seen_at_ms: seen.atMs, report: encodeDocument(seen.report), version: seen.report.version })
    .where('program_id', '=', programId)
    .execute();
}

export interface SavedReport {
  readonly programId: string;
  readonly atMs: number;
  readonly report: unknown;
}

export async function listReports(db: Queries): Promise<readonly SavedReport[]> {
  const rows = await db
    .selectFrom('program')
    .select(['program_id', 'last_seen_at_ms', 'report'])
    .where('revoked_at_ms', 'is', null)
    .execute();
  return rows.flatMap((row) =>
    row.report === null || row.last_seen_at_ms === null
      ? []
      : [{ programId: row.program_id, atMs: row.last_seen_at_ms, report: decodeDocument(row.report) }],
  );
}

function toProgram(row: ProgramTable): ProgramRecord {
  return {
    programId: row.program_id,
    role: row.role as ProgramRole,
    installId: row.install_id,
    publicKeyPem: row.public_key_pem,
    certificateFingerprint: row.certificate_fingerprint,
    version: row.version,
    enrolledAtMs: row.enrolled_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}
