/** Webhooks: one row each. */
import type { EventType } from '@landfall/api';
import type { IdentityKind } from '../identity/identities.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';
import type { WebhookTable } from './webhook-tables.ts';

export interface WebhookRecord {
  readonly webhookId: string;
  readonly createdAtMs: number;
  /** Sealed. */
  readonly secret: string;
  readonly dropped: number;
  readonly url: string;
  /** Absent: all. */
  readonly eventTypes?: readonly EventType[];
  readonly description?: string;
  readonly isEnabled: boolean;
  readonly modifiedAtMs: number;
  readonly owner: WebhookOwner;
}

/** Whose eyes the webhook has. */
export interface WebhookOwner {
  readonly kind: IdentityKind;
  readonly name: string;
  readonly identityId: string;
  readonly arn: string;
}

type Document = Omit<WebhookRecord, 'webhookId' | 'createdAtMs' | 'secret' | 'dropped'>;

export async function insertWebhook(tx: Queries, webhook: WebhookRecord): Promise<void> {
  const { webhookId, createdAtMs } = webhook;
  await tx
    .insertInto('webhook')
    .values({ webhook_id: webhookId, created_at_ms: createdAtMs, dropped: 0, ...columnsOf(webhook) })
    .execute();
}

/** All but how many events it dropped. */
export async function saveWebhook(tx: Queries, webhook: WebhookRecord): Promise<void> {
  await tx
    .updateTable('webhook')
    .set(columnsOf(webhook))
    .where('webhook_id', '=', webhook.webhookId)
    .execute();
}

export async function countDropped(tx: Queries, webhookId: string): Promise<void> {
  await tx
    .updateTable('webhook')
    .set((column) => ({ dropped: column('dropped', '+', 1) }))
    .where('webhook_id', '=', webhookId)
    .execute();
}

export async function findWebhook(db: Queries, webhookId: string): Promise<WebhookRecord | undefined> {
  const row = await db
    .selectFrom('webhook')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .executeTakeFirst();
  return row === undefined ? undefined : toWebhook(row);
}

/** Oldest first. */
export async function listWebhooks(db: Queries): Promise<readonly WebhookRecord[]> {
  const rows = await db
    .selectFrom('webhook')
    .selectAll()
    .orderBy('created_at_ms')
    .orderBy('webhook_id')
    .execute();
  return rows.map(toWebhook);
}

/** With its deliveries. */
export async function deleteWebhook(tx: Queries, webhookId: string): Promise<void> {
  await tx.deleteFrom('webhook_delivery').where('webhook_id', '=', webhookId).execute();
  await tx.deleteFrom('webhook').where('webhook_id', '=', webhookId).execute();
}

function columnsOf({ url, eventTypes, description, isEnabled, modifiedAtMs, owner, secret }: WebhookRecord) {
  const document = { url, eventTypes, description, isEnabled, modifiedAtMs, owner };
  return { secret, document: encodeDocument(document) };
}

function toWebhook(row: WebhookTable): WebhookRecord {
  return {
    webhookId: row.webhook_id,
    createdAtMs: row.created_at_ms,
    secret: row.secret,
    dropped: row.dropped,
    ...decodeDocument<Document>(row.document),
  };
}
