/** Proofs of boot: one row each, the newest of each server kept. At most one of a server is unfinished. */
import type { SignOfLife } from '@landfall/channel';
import type { PointSelector, RecoveryPoint } from '@landfall/model';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

export interface BootProofRecord {
  readonly bootProofId: string;
  readonly sourceServerId: string;
  readonly trigger: 'SCHEDULED' | 'REQUESTED' | 'BEFORE_CUTOVER';
  /** The cutover that waits for it. */
  readonly jobId?: string | undefined;
  readonly at: PointSelector;
  readonly signsOfLife: readonly SignOfLife[];
  readonly lifeTimeoutSeconds: number;
  readonly createdAtMs: number;
  /** WAITING: for a launch host, for launches to end, or for the time of the next attempt. */
  readonly state: 'WAITING' | 'RUNNING' | 'VERIFIED' | 'FAILED';
  /** That could not be made to their end. */
  readonly attempts: number;
  readonly nextAttemptAtMs: number;
  /** Why it waits. */
  readonly reason?: string | undefined;
  /** The one that is under way, or the last that came to a verdict; the same over a restart. */
  readonly attempt?: BootAttempt | undefined;
  /** All that may be left on a launch host or open on a replication server. */
  readonly held: readonly HeldMachine[];
  /** When FAILED. */
  readonly error?: BootError | undefined;
  readonly endedAtMs?: number | undefined;
  /** Where the conversion was kept, while it is wanted. */
  readonly kept?: { readonly launchHostId: string; readonly name: string } | undefined;
  /** The name we gave to the point, while it has it. */
  readonly pin?: { readonly replicationServerId: string; readonly epoch: number } | undefined;
}

export interface BootAttempt {
  readonly machineId: string;
  readonly launchHostId: string;
  readonly replicationServerId: string;
  readonly recoveryPoint: RecoveryPoint;
  readonly beganAtMs: number;
  /** By our clock: when the machine was first seen to run. */
  readonly runningSinceMs?: number;
  readonly verdict?: BootVerdict;
}

export interface BootVerdict {
  /** The sign that was seen; absent: it does not boot. */
  readonly life?: { readonly sign: SignOfLife; readonly detail: string };
  readonly error?: BootError;
  readonly consoleTail: string;
  readonly conversionMs: number;
  /** From the start of the machine to the verdict. */
  readonly bootMs: number;
}

export interface BootError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export interface HeldMachine {
  readonly machineId: string;
  readonly launchHostId: string;
  readonly replicationServerId: string;
}

/** Of each server. */
const PROOFS_KEPT_MAX = 100;
/** With those that are open. */
const PROOFS_LISTED_MAX = 2 * PROOFS_KEPT_MAX;

interface ListOptions {
  readonly state?: BootProofRecord['state'];
  readonly limit?: number;
}

export function isUnfinished({ state }: BootProofRecord): boolean {
  return state === 'WAITING' || state === 'RUNNING';
}

/** Whether something is to be done for it, or will have to be taken back. */
function isOpen(proof: BootProofRecord): boolean {
  return isUnfinished(proof) || proof.held.length > 0 || proof.kept !== undefined || proof.pin !== undefined;
}

/** What is too old goes, but for what is open. */
export async function insertBootProof(tx: Queries, proof: BootProofRecord): Promise<void> {
  const { bootProofId, sourceServerId, createdAtMs } = proof;
  await tx
    .insertInto('boot_proof')
    .values({
      ...{ boot_proof_id: bootProofId, source_server_id: sourceServerId, created_at_ms: createdAtMs },
      ...columnsOf(proof),
    })
    .execute();
  const old = await tx
    .selectFrom('boot_proof')
    .select('boot_proof_id')
    .where('source_server_id', '=', sourceServerId)
    .where('is_open', '=', 0)
    .orderBy('created_at_ms', 'desc')
    .offset(PROOFS_KEPT_MAX)
    .limit(PROOFS_KEPT_MAX)
    .execute();
  if (old.length === 0) return;
  const ids = old.map((row) => row.boot_proof_id);
  await tx.deleteFrom('boot_proof').where('boot_proof_id', 'in', ids).execute();
}

/** Changes one that is still there. */
export async function changeBootProof(
  tx: Queries,
  bootProofId: string,
  change: (before: BootProofRecord) => BootProofRecord,
): Promise<BootProofRecord | undefined> {
  const before = await findBootProof(tx, bootProofId);
  if (before === undefined) return undefined;
  const next = change(before);
  await tx.updateTable('boot_proof').set(columnsOf(next)).where('boot_proof_id', '=', bootProofId).execute();
  return next;
}

export async function saveScreenshot(tx: Queries, bootProofId: string, pngBase64: string): Promise<void> {
  await tx
    .updateTable('boot_proof')
    .set({ screenshot: pngBase64 })
    .where('boot_proof_id', '=', bootProofId)
    .execute();
}

export async function readScreenshot(db: Queries, bootProofId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('boot_proof')
    .select('screenshot')
    .where('boot_proof_id', '=', bootProofId)
    .executeTakeFirst();
  return row?.screenshot ?? undefined;
}

export async function findBootProof(db: Queries, bootProofId: string): Promise<BootProofRecord | undefined> {
  const row = await db
    .selectFrom('boot_proof')
    .select('document')
    .where('boot_proof_id', '=', bootProofId)
    .executeTakeFirst();
  return row === undefined ? undefined : decodeDocument(row.document);
}

/** Newest first. Each has a console in it: whoever looks often asks for few. */
export async function listBootProofs(
  db: Queries,
  sourceServerId: string,
  { state, limit = PROOFS_LISTED_MAX }: ListOptions = {},
): Promise<readonly BootProofRecord[]> {
  const all = db.selectFrom('boot_proof').select('document').where('source_server_id', '=', sourceServerId);
  const rows = await (state === undefined ? all : all.where('state', '=', state))
    .orderBy('created_at_ms', 'desc')
    .orderBy('boot_proof_id')
    .limit(limit)
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

/** The newest of a server. */
export async function latestBootProof(
  db: Queries,
  sourceServerId: string,
  state?: BootProofRecord['state'],
): Promise<BootProofRecord | undefined> {
  const only = state === undefined ? { limit: 1 } : { limit: 1, state };
  return (await listBootProofs(db, sourceServerId, only))[0];
}

/** When the newest of each of these servers was made, whatever became of it. */
export async function latestBootProofTimes(
  db: Queries,
  sourceServerIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('boot_proof')
    .select((query) => ['source_server_id', query.fn.max('created_at_ms').as('at_ms')])
    .where('source_server_id', 'in', [...sourceServerIds])
    .groupBy('source_server_id')
    .execute();
  return new Map(rows.map((row) => [row.source_server_id, Number(row.at_ms)]));
}

/** Of all servers: what is to be done, or will have to be taken back. */
export async function listOpenBootProofs(db: Queries): Promise<readonly BootProofRecord[]> {
  const rows = await db
    .selectFrom('boot_proof')
    .select('document')
    .where('is_open', '=', 1)
    .orderBy('created_at_ms')
    .orderBy('boot_proof_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

function columnsOf(proof: BootProofRecord) {
  return { state: proof.state, is_open: isOpen(proof) ? 1 : 0, document: encodeDocument(proof) };
}
