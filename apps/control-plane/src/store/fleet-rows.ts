/** What is kept in memory of all servers, by the servers that are asked for. */
import { type FleetServer, fleetServer } from '../fleet/fleet-server.ts';
import type { BootProofRecord } from './boot-proofs.ts';
import { decodeDocument } from './document.ts';
import type { PreflightRecord } from './preflights.ts';
import type { Queries } from './schema.ts';

export async function listServerIds(db: Queries): Promise<readonly string[]> {
  const rows = await db.selectFrom('source_server').select('source_server_id').execute();
  return rows.map((row) => row.source_server_id);
}

export async function loadFleetServers(
  db: Queries,
  ids: readonly string[],
): Promise<ReadonlyMap<string, FleetServer>> {
  const rows = await db
    .selectFrom('source_server')
    .select(['source_server_id', 'document'])
    .where('source_server_id', 'in', [...ids])
    .execute();
  return new Map(rows.map((row) => [row.source_server_id, fleetServer(decodeDocument(row.document))]));
}

/** What the last preflight of a server found that keeps a launch from working. */
export interface Blockers {
  readonly codes: readonly string[];
  readonly atMs: number;
}

/** Of those that have any. */
export async function loadBlockers(
  db: Queries,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Blockers>> {
  const rows = await db
    .selectFrom('preflight')
    .select(['source_server_id', 'document'])
    .where('source_server_id', 'in', [...ids])
    .execute();
  return new Map(
    rows.flatMap((row) => {
      const { report } = decodeDocument<PreflightRecord>(row.document);
      const found = (report?.result.findings ?? []).filter(({ rank }) => rank === 'BLOCKER');
      if (report === undefined || found.length === 0) return [];
      return [[row.source_server_id, { codes: found.map(({ code }) => code), atMs: report.inspectedAtMs }]];
    }),
  );
}

/** The newest proof of boot that came to a verdict, where that is that the server does not boot. */
export interface BootFailure {
  readonly code: string;
  readonly atMs: number;
}

/** Of those that have one. */
export async function loadBootFailures(
  db: Queries,
  ids: readonly string[],
): Promise<ReadonlyMap<string, BootFailure>> {
  const rows = await db
    .selectFrom('boot_proof')
    .select(['boot_proof_id', 'source_server_id', 'state'])
    .where('source_server_id', 'in', [...ids])
    .where('state', 'in', ['VERIFIED', 'FAILED'])
    .orderBy('created_at_ms')
    .orderBy('boot_proof_id')
    .execute();
  const newest = new Map(rows.map((row) => [row.source_server_id, row]));
  const failed = [...newest.values()].filter(({ state }) => state === 'FAILED');
  if (failed.length === 0) return new Map();
  const documents = await db
    .selectFrom('boot_proof')
    .select(['source_server_id', 'document'])
    .where(
      'boot_proof_id',
      'in',
      failed.map((row) => row.boot_proof_id),
    )
    .execute();
  return new Map(
    documents.map((row) => {
      const { error, endedAtMs, createdAtMs } = decodeDocument<BootProofRecord>(row.document);
      return [
        row.source_server_id,
        { code: error?.code ?? 'BOOT_PROOF_FAILED', atMs: endedAtMs ?? createdAtMs },
      ];
    }),
  );
}
