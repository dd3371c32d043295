/** Webhooks and what is to be sent, or was sent, to them. */
import type { Generated, Kysely } from 'kysely';

export interface WebhookTable {
  webhook_id: string;
  created_at_ms: number;
  /** Sealed for the id. */
  secret: string;
  /** Events that found the queue full. */
  dropped: number;
  document: string;
}

export interface WebhookDeliveryTable {
  sequence: Generated<number>;
  delivery_id: string;
  webhook_id: string;
  state: string;
  /** Type and resource of its event. */
  event_key: string;
  attempts: number;
  created_at_ms: number;
  next_attempt_at_ms: number;
  document: string;
}

export async function createWebhookTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('webhook')
    .addColumn('webhook_id', 'text', (column) => column.primaryKey())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('secret', 'text', (column) => column.notNull())
    .addColumn('dropped', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('webhook_delivery')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('delivery_id', 'text', (column) => column.notNull().unique())
    .addColumn('webhook_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('event_key', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('next_attempt_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('webhook_delivery_due')
    .on('webhook_delivery')
    .columns(['webhook_id', 'state', 'next_attempt_at_ms'])
    .execute();
  await db.schema
    .createIndex('webhook_delivery_key')
    .on('webhook_delivery')
    .columns(['webhook_id', 'event_key', 'state'])
    .execute();
}
