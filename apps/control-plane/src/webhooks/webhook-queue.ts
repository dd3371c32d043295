/**
 * Puts events into the queues of the webhooks that want them.
 *
 * Q1  With the transaction of the change (V1): what happened is queued if and only if it happened.
 * Q2  A queue holds at most `QUEUE_MAX`; what comes after is counted, not kept.
 * Q3  No webhook is told of itself: one that is deleted leaves nothing behind that waits for it.
 */

import { isoDateTime } from '@landfall/api';
import { publicId, type Random } from '@landfall/runtime';
import { type EventLog, eventKey, type NewEvent } from '../events/event-log.ts';
import type { Queries } from '../store/schema.ts';
import { countQueued, insertDelivery, renewUntriedEvent } from '../store/webhook-deliveries.ts';
import { countDropped, listWebhooks, type WebhookRecord } from '../store/webhooks.ts';

export const QUEUE_MAX = 10_000;

export interface WebhookQueueOptions {
  readonly events: EventLog;
  readonly random: Random;
  readonly queueMax?: number;
}

export class WebhookQueue {
  readonly #options: WebhookQueueOptions;
  #webhooks: readonly WebhookRecord[] = [];

  constructor(options: WebhookQueueOptions) {
    this.#options = options;
  }

  get webhooks(): readonly WebhookRecord[] {
    return this.#webhooks;
  }

  /** After webhooks have changed. */
  async load(db: Queries): Promise<void> {
    this.#webhooks = await listWebhooks(db);
  }

  /** Q1 */
  async put(tx: Queries, events: readonly NewEvent[], nowMs: number): Promise<void> {
    for (const webhook of this.#webhooks) {
      const { isEnabled, eventTypes } = webhook;
      if (!isEnabled) continue;
      const wanted = events
        .filter(({ type }) => eventTypes === undefined || eventTypes.includes(type))
        .filter((event) => !isAbout(event, webhook));
      for (const event of wanted) await this.#putOne(tx, webhook, { event, nowMs });
    }
  }

  async #putOne(
    tx: Queries,
    { webhookId }: WebhookRecord,
    { event: made, nowMs }: { readonly event: NewEvent; readonly nowMs: number },
  ): Promise<void> {
    const { events, random, queueMax = QUEUE_MAX } = this.#options;
    const event = { eventId: events.drawId(), eventTime: isoDateTime(nowMs), ...made };
    const key = eventKey(made);
    if (await renewUntriedEvent(tx, { webhookId, eventKey: key, event })) return;
    if ((await countQueued(tx, webhookId)) >= queueMax) return countDropped(tx, webhookId);
    await insertDelivery(tx, {
      deliveryId: publicId('delivery-', random),
      ...{ webhookId, eventKey: key, event, state: 'PENDING', attempts: 0 },
      ...{ createdAtMs: nowMs, nextAttemptAtMs: nowMs },
    });
  }
}

/** Q3 */
function isAbout({ type, resourceId }: NewEvent, { webhookId }: WebhookRecord): boolean {
  return type === 'WebhookChanged' && resourceId === webhookId;
}
