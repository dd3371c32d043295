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
  readonly next: NextCertificate | null;
}

/** Issued for a renewal and not used yet; the current one is good until it is. */
export interface NextCertificate {
  readonly publicKeyPem: string;
  readonly certificatePem: string;
  readonly certificateFingerprint: string;
  readonly issuedAtMs: number;
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
      next_certificate: null,
    })
    .execute();
}

/** All but its report, which is many times as large. */
const COLUMNS = [
  ...(['program.program_id', 'role', 'install_id', 'public_key_pem', 'certificate_fingerprint'] as const),
  ...(['version', 'enrolled_at_ms', 'last_seen_at_ms', 'revoked_at_ms', 'next_certificate'] as const),
] as const;

export async function findProgram(db: Queries, programId: string): Promise<ProgramRecord | undefined> {
  const row = await db
    .selectFrom('program')
    .select(COLUMNS)
    .where('program_id', '=', programId)
    .executeTakeFirst();
  return row === undefined ? undefined : toProgram(row);
}

/** By id; those that are unknown are left out. */
export async function findPrograms(
  db: Queries,
  programIds: readonly string[],
): Promise<ReadonlyMap<string, ProgramRecord>> {
  const rows = await db
    .selectFrom('program')
    .select(COLUMNS)
    .where('program_id', 'in', [...programIds])
    .execute();
  return new Map(rows.map((row) => [row.program_id, toProgram(row)]));
}

/** The program that this install is now; revoked ones are history. */
export async function findInstalled(
  db: Queries,
  role: ProgramRole,
  installId: string,
): Promise<ProgramRecord | undefined> {
  const row = await db
    .selectFrom('program')
    .select(COLUMNS)
    .where('role', '=', role)
    .where('install_id', '=', installId)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toProgram(row);
}

export async function listPrograms(db: Queries, role: ProgramRole): Promise<readonly ProgramRecord[]> {
  const rows = await db
    .selectFrom('program')
    .select(COLUMNS)
    .where('role', '=', role)
    .where('revoked_at_ms', 'is', null)
    .orderBy('enrolled_at_ms')
    .orderBy('program_id')
    .execute();
  return rows.map(toProgram);
}

export interface Reenrolment {
  readonly publicKeyPem: string;
  readonly certificateFingerprint: string;
  readonly version: string;
  readonly enrolledAtMs: number;
}

export async function updateEnrolment(tx: Queries, programId: string, change: Reenrolment): Promise<void> {
  await tx
    .updateTable('program')
    .set({
      public_key_pem: change.publicKeyPem,
      certificate_fingerprint: change.certificateFingerprint,
      version: change.version,
      enrolled_at_ms: change.enrolledAtMs,
      next_certificate: null,
    })
    .where('program_id', '=', programId)
    .execute();
}

export async function saveNextCertificate(
  tx: Queries,
  programId: string,
  next: NextCertificate,
): Promise<void> {
  await tx
    .updateTable('program')
    .set({ next_certificate: encodeDocument(next) })
    .where('program_id', '=', programId)
    .execute();
}

/** The next certificate becomes the current one; the one before is no longer accepted. */
export async function promoteCertificate(
  tx: Queries,
  programId: string,
  { publicKeyPem, certificateFingerprint }: NextCertificate,
): Promise<void> {
  await tx
    .updateTable('program')
    .set({
      public_key_pem: publicKeyPem,
      certificate_fingerprint: certificateFingerprint,
      next_certificate: null,
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

export async function saveReport(
  tx: Queries,
  programId: string,
  seen: { readonly atMs: number; readonly report: ReportByRole[ProgramRole] },
): Promise<void> {
  await tx
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

function toProgram(row: Omit<ProgramTable, 'report'>): ProgramRecord {
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
    next: row.next_certificate === null ? null : decodeDocument(row.next_certificate),
  };
}
