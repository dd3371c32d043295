/** Proofs of equality, kept for good: one row each. At most one of a server is RUNNING. */
import type { DifferenceKind, ProofState } from '@landfall/model';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export interface ProofRecord {
  readonly proofId: string;
  readonly sourceServerId: string;
  readonly trigger: 'REQUESTED' | 'SCHEDULED';
  readonly createdAtMs: number;
  readonly state: ProofState;
  readonly endedAtMs?: number;
  /** Why it FAILED. */
  readonly reason?: string;
  readonly differenceCounts?: Readonly<Record<DifferenceKind, number>>;
  readonly chunks?: number;
  /** The signed file, when COMPLETE. */
  readonly report?: string;
}

export async function insertProof(tx: Queries, proof: ProofRecord): Promise<void> {
  await tx
    .insertInto('proof')
    .values({
      proof_id: proof.proofId,
      source_server_id: proof.sourceServerId,
      created_at_ms: proof.createdAtMs,
      state: proof.state,
      document: encodeDocument(proof),
    })
    .execute();
}

/** Ends one that is RUNNING; false when it had ended already. */
export async function endProof(tx: Queries, proof: ProofRecord): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('proof')
    .set({ state: proof.state, document: encodeDocument(proof) })
    .where('proof_id', '=', proof.proofId)
    .where('state', '=', 'RUNNING')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function findProof(db: Queries, proofId: string): Promise<ProofRecord | undefined> {
  const row = await db
    .selectFrom('proof')
    .select('document')
    .where('proof_id', '=', proofId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** Newest first. */
export async function listProofs(
  db: Queries,
  sourceServerId: string,
  limit: number,
): Promise<readonly ProofRecord[]> {
  const rows = await db
    .selectFrom('proof')
    .select('document')
    .where('source_server_id', '=', sourceServerId)
    .orderBy('created_at_ms', 'desc')
    .orderBy('proof_id')
    .limit(limit)
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

export async function latestProof(db: Queries, sourceServerId: string): Promise<ProofRecord | undefined> {
  return (await listProofs(db, sourceServerId, 1))[0];
}
