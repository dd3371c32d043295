/**
 * What is to be sent to webhooks, and what became of it.
 *
 * D1  A delivery is PENDING until it has been answered, was given up, or must not be sent; then it stays as
 *     it is, in the log.
 * D2  One that was never tried is brought up to date by the next event of its resource: there is nothing to
 *     be told of the older one. So a queue grows with what changes, not with how often.
 */
import type { Landfall } from '@landfall/api';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';
import type { WebhookDeliveryTable } from './webhook-tables.ts';

export interface DeliveryRecord {
  readonly deliveryId: string;
  readonly webhookId: string;
  readonly state: Landfall.WebhookDeliveryState;
  readonly eventKey: string;
  readonly event: Landfall.WebhookEvent;
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly nextAttemptAtMs: number;
  readonly lastAttemptAtMs?: number;
  readonly statusCode?: number;
  readonly error?: string;
}

export interface StoredDelivery extends DeliveryRecord {
  /** Grows from the oldest to the newest. */
  readonly sequence: number;
}

type Document = Pick<DeliveryRecord, 'event' | 'lastAttemptAtMs' | 'statusCode' | 'error'>;

export async function insertDelivery(tx: Queries, delivery: DeliveryRecord): Promise<void> {
  await tx
    .insertInto('webhook_delivery')
    .values({
      delivery_id: delivery.deliveryId,
      webhook_id: delivery.webhookId,
      event_key: delivery.eventKey,
      created_at_ms: delivery.createdAtMs,
      ...columnsOf(delivery),
    })
    .execute();
}

/** False when there is none that has not been tried (D2). */
export async function renewUntriedEvent(
  tx: Queries,
  { webhookId, eventKey, event }: Pick<DeliveryRecord, 'webhookId' | 'eventKey' | 'event'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('webhook_delivery')
    .set({ document: encodeDocument({ event } satisfies Document) })
    .where('webhook_id', '=', webhookId)
    .where('event_key', '=', eventKey)
    .where('state', '=', 'PENDING')
    .where('attempts', '=', 0)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** One that is still there. */
export async function saveDelivery(tx: Queries, delivery: DeliveryRecord): Promise<void> {
  await tx
    .updateTable('webhook_delivery')
    .set(columnsOf(delivery))
    .where('delivery_id', '=', delivery.deliveryId)
    .execute();
}

/** Of one webhook, those that wait the longest for their attempt. */
export async function listDueDeliveries(
  db: Queries,
  webhookId: string,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<readonly DeliveryRecord[]> {
  const rows = await db
    .selectFrom('webhook_delivery')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'PENDING')
    .where('next_attempt_at_ms', '<=', nowMs)
    .orderBy('next_attempt_at_ms')
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return rows.map(toDelivery);
}

export interface DeliveryListOptions {
  readonly state: Landfall.WebhookDeliveryState | undefined;
  readonly beforeSequence: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listDeliveries(
  db: Queries,
  webhookId: string,
  { state, beforeSequence = Number.MAX_SAFE_INTEGER, limit }: DeliveryListOptions,
): Promise<readonly StoredDelivery[]> {
  const all = db
    .selectFrom('webhook_delivery')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .where('sequence', '<', beforeSequence);
  const rows = await (state === undefined ? all : all.where('state', '=', state))
    .orderBy('sequence', 'desc')
    .limit(limit)
    .execute();
  return rows.map(toDelivery);
}

/** Of one webhook, or of all. */
export async function countQueued(db: Queries, webhookId?: string): Promise<number> {
  const all = db
    .selectFrom('webhook_delivery')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('state', '=', 'PENDING');
  const row = await (webhookId === undefined
    ? all
    : all.where('webhook_id', '=', webhookId)
  ).executeTakeFirstOrThrow();
  return Number(row.count);
}

/** What was created before: the queue of a webhook that is switched off does not wait for ever. */
export async function giveUpOldDeliveries(tx: Queries, beforeMs: number): Promise<void> {
  await tx
    .updateTable('webhook_delivery')
    .set({ state: 'FAILED' })
    .where('state', '=', 'PENDING')
    .where('created_at_ms', '<', beforeMs)
    .execute();
}

/** What has ended and is older, or more than so many of a webhook. */
export async function trimDeliveries(
  tx: Queries,
  webhookIds: readonly string[],
  { beforeMs, keep }: { readonly beforeMs: number; readonly keep: number },
): Promise<void> {
  await tx
    .deleteFrom('webhook_delivery')
    .where('state', '!=', 'PENDING')
    .where('created_at_ms', '<', beforeMs)
    .execute();
  for (const webhookId of webhookIds) {
    const ended = tx.selectFrom('webhook_delivery').select('sequence').where('webhook_id', '=', webhookId);
    const oldest = await ended
      .where('state', '!=', 'PENDING')
      .orderBy('sequence', 'desc')
      .offset(keep)
      .limit(1)
      .executeTakeFirst();
    if (oldest === undefined) continue;
    await tx
      .deleteFrom('webhook_delivery')
      .where('webhook_id', '=', webhookId)
      .where('state', '!=', 'PENDING')
      .where('sequence', '<=', oldest.sequence)
      .execute();
  }
}

function columnsOf(delivery: DeliveryRecord) {
  const { state, attempts, nextAttemptAtMs, event, lastAttemptAtMs, statusCode, error } = delivery;
  const document: Document = {
    event,
    ...(lastAttemptAtMs === undefined ? {} : { lastAttemptAtMs }),
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(error === undefined ? {} : { error }),
  };
  return { state, attempts, next_attempt_at_ms: nextAttemptAtMs, document: encodeDocument(document) };
}

type Row = Omit<WebhookDeliveryTable, 'sequence'> & { readonly sequence: number };

function toDelivery(row: Row): StoredDelivery {
  return {
    sequence: row.sequence,
    deliveryId: row.delivery_id,
    webhookId: row.webhook_id,
    state: row.state as Landfall.WebhookDeliveryState,
    eventKey: row.event_key,
    attempts: row.attempts,
    createdAtMs: row.created_at_ms,
    nextAttemptAtMs: row.next_attempt_at_ms,
    ...decodeDocument<Document>(row.document),
  };
}
