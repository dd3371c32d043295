/** The audit log as rows, oldest first by sequence. */
import { decodeDocument, encodeDocument } from './document.ts';
import type { AuditEventTable, Queries } from './schema.ts';

export interface AuditRecord {
  /** The request id of the answer. */
  readonly eventId: string;
  readonly eventAtMs: number;
  /** ARN. */
  readonly principal?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly action: string;
  readonly resources: readonly string[];
  readonly sourceAddress: string;
  readonly outcome: string;
  readonly message?: string | undefined;
  /** Of a call that changes something. */
  readonly signature?: string | undefined;
}

export interface StoredAuditRecord extends AuditRecord {
  readonly sequence: number;
}

export interface AuditQuery {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly principal?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: string | undefined;
  /** Only those older than this one. */
  readonly beforeSequence?: number | undefined;
  readonly limit: number;
}

export async function insertAuditEvents(tx: Queries, events: readonly AuditRecord[]): Promise<void> {
  for (const event of events) await tx.insertInto('audit_event').values(toRow(event)).execute();
}

export async function endAuditEvent(tx: Queries, event: AuditRecord): Promise<void> {
  const { outcome, document } = toRow(event);
  await tx
    .updateTable('audit_event')
    .set({ outcome, document })
    .where('event_id', '=', event.eventId)
    .where('outcome', '=', 'STARTED')
    .execute();
}

/** Newest first. */
export async function listAuditEvents(db: Queries, query: AuditQuery): Promise<readonly StoredAuditRecord[]> {
  let rows = db.selectFrom('audit_event').selectAll().orderBy('sequence', 'desc').limit(query.limit);
  if (query.beforeSequence !== undefined) rows = rows.where('sequence', '<', query.beforeSequence);
  if (query.fromMs !== undefined) rows = rows.where('event_at_ms', '>=', query.fromMs);
  if (query.toMs !== undefined) rows = rows.where('event_at_ms', '<=', query.toMs);
  if (query.principal !== undefined) rows = rows.where('principal', '=', query.principal);
  if (query.action !== undefined) rows = rows.where('action', '=', query.action);
  if (query.outcome !== undefined) rows = rows.where('outcome', '=', query.outcome);
  return (await rows.execute()).map(toRecord);
}

/** Of calls that began after `sinceMs`, but for those whose client may send them again (L3). */
export async function listSignatures(
  db: Queries,
  sinceMs: number,
): Promise<readonly { readonly signature: string; readonly seenAtMs: number }[]> {
  const rows = await db
    .selectFrom('audit_event')
    .select(['signature', 'event_at_ms'])
    .where('event_at_ms', '>=', sinceMs)
    .where('signature', 'is not', null)
    .where('outcome', 'not in', ['ThrottlingException', 'InternalServerException'])
    .orderBy('sequence')
    .execute();
  return rows.flatMap(({ signature, event_at_ms: seenAtMs }) =>
    signature === null ? [] : [{ signature, seenAtMs }],
  );
}

export async function trimAuditEvents(
  tx: Queries,
  { beforeMs, keep }: { readonly beforeMs: number; readonly keep: number },
): Promise<void> {
  await tx.deleteFrom('audit_event').where('event_at_ms', '<', beforeMs).execute();
  const oldest = await tx
    .selectFrom('audit_event')
    .select('sequence')
    .orderBy('sequence', 'desc')
    .limit(1)
    .offset(keep)
    .executeTakeFirst();
  if (oldest !== undefined) {
    await tx.deleteFrom('audit_event').where('sequence', '<=', oldest.sequence).execute();
  }
}

function toRow(event: AuditRecord): Omit<AuditEventTable, 'sequence'> {
  const { eventId, eventAtMs, principal, action, outcome, signature, ...rest } = event;
  return {
    event_id: eventId,
    event_at_ms: eventAtMs,
    principal: principal ?? null,
    action,
    outcome,
    signature: signature ?? null,
    document: encodeDocument(rest),
  };
}

type Document = Pick<AuditRecord, 'accessKeyId' | 'resources' | 'sourceAddress' | 'message'>;

function toRecord(row: Omit<AuditEventTable, 'sequence'> & { readonly sequence: number }): StoredAuditRecord {
  return {
    ...decodeDocument<Document>(row.document),
    sequence: row.sequence,
    eventId: row.event_id,
    eventAtMs: row.event_at_ms,
    ...(row.principal === null ? {} : { principal: row.principal }),
    action: row.action,
    outcome: row.outcome,
  };
}
