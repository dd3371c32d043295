/**
 * Sends what is queued for webhooks, each delivery until it is answered with a 2xx or a day has passed.
 *
 * X1  A delivery is sent at least once: one that was under way when the control plane ended is sent again.
 * X2  It is sent only while the webhook's owner may read what the event is about, asked at every attempt.
 * X3  One receiver that is slow or gone costs `AT_ONCE_OF_WEBHOOK` attempts at a time, and keeps no other
 *     waiting.
 */
import {
  isoDateTime,
  type Landfall,
  type ServiceEvent,
  WEBHOOK_SIGNATURE_HEADER,
  webhookSignature,
} from '@landfall/api';
import { assert, type Backoff, backoffDelayMs, describeError, publicId } from '@landfall/runtime';
import { maySee } from '../events/visibility.ts';
import { callContext } from '../identity/call-context.ts';
import { findIdentity } from '../identity/identities.ts';
import { policiesOf } from '../identity/policies.ts';
import { pause } from '../keep-looking.ts';
import { tagsOfResource } from '../operations/tags.ts';
import type { Service } from '../service.ts';
import {
  type DeliveryRecord,
  giveUpOldDeliveries,
  insertDelivery,
  listDueDeliveries,
  saveDelivery,
  trimDeliveries,
} from '../store/webhook-deliveries.ts';
import { findWebhook, type WebhookRecord } from '../store/webhooks.ts';
import type { AddressGuard } from './address-guard.ts';
import { sendWebhook, type WebhookOutcome } from './http-webhook-request.ts';

export const GIVE_UP_MS = 86_400_000;
export const BACKOFF: Backoff = { initialMs: 10_000, maximumMs: 3_600_000 };
const AT_ONCE_OF_WEBHOOK = 4;
const LOOK_MS = 1000;
const TRIM_MS = 600_000;
const LOG_RETENTION_MS = 7 * 86_400_000;
const LOG_MAX = 1000;

type Needs = Pick<
  Service,
  'store' | 'clock' | 'random' | 'log' | 'facts' | 'vaults' | 'events' | 'webhookQueue'
>;

export class WebhookSender {
  readonly #serviceOf: () => Needs;
  readonly #guard: AddressGuard;
  readonly #underWay = new Map<string, Promise<void>>();
  #trimmedAtMs = Number.NEGATIVE_INFINITY;

  constructor(serviceOf: () => Needs, guard: AddressGuard) {
    this.#serviceOf = serviceOf;
    this.#guard = guard;
  }

  get #service(): Needs {
    return this.#serviceOf();
  }

  /** Until the signal; resolves when what is under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#service;
    while (!signal.aborted) {
      try {
        await this.#look();
        await this.#trim();
      } catch (error) {
        log.error('webhooks-not-sent', { error, explanation: describeError(error) });
      }
      await pause(clock, LOOK_MS, signal);
    }
    await Promise.all(this.#underWay.values());
  }

  /** One attempt now, whatever becomes of it; it is in the log. */
  async test(webhook: WebhookRecord): Promise<DeliveryRecord> {
    const { clock, random, events, store } = this.#service;
    const nowMs = clock.nowMs();
    const event: Landfall.WebhookEvent = {
      ...{ eventId: events.log.drawId(), eventTime: isoDateTime(nowMs), type: 'WebhookTest' },
      ...{ resourceId: webhook.webhookId, summary: 'a test of this webhook' },
    };
    const delivery: DeliveryRecord = {
      ...{ deliveryId: publicId('delivery-', random), webhookId: webhook.webhookId, event },
      ...{ state: 'PENDING', eventKey: `WebhookTest ${event.eventId}`, attempts: 0 },
      ...{ createdAtMs: nowMs, nextAttemptAtMs: nowMs + GIVE_UP_MS },
    };
    const outcome = await this.#send(webhook, delivery);
    const tried = withOutcome(delivery, outcome, nowMs);
    const ended: DeliveryRecord = { ...tried, state: isSuccess(outcome) ? 'DELIVERED' : 'FAILED' };
    await insertDelivery(store.db, ended);
    return ended;
  }

  async #look(): Promise<void> {
    const { store, clock, webhookQueue } = this.#service;
    for (const webhook of webhookQueue.webhooks) {
      if (!webhook.isEnabled) continue;
      const due = await listDueDeliveries(store.db, webhook.webhookId, {
        nowMs: clock.nowMs(),
        limit: AT_ONCE_OF_WEBHOOK,
      });
      const ofWebhook = [...this.#underWay.keys()].filter((key) => key.startsWith(webhook.webhookId));
      const free = AT_ONCE_OF_WEBHOOK - ofWebhook.length;
      const next = due.filter((delivery) => !this.#underWay.has(keyOf(delivery)));
      for (const delivery of next.slice(0, Math.max(0, free))) this.#begin(delivery);
    }
  }

  #begin(delivery: DeliveryRecord): void {
    const key = keyOf(delivery);
    const { log } = this.#service;
    const work = this.#deliver(delivery)
      .catch((error: unknown) => {
        const { deliveryId } = delivery;
        log.error('webhook-delivery-failed', { deliveryId, error, explanation: describeError(error) });
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, work);
  }

  async #deliver(delivery: DeliveryRecord): Promise<void> {
    const { store, clock } = this.#service;
    const webhook = await findWebhook(store.db, delivery.webhookId);
    if (webhook === undefined) return;
    const isSeen = await this.#maySend(webhook, delivery);
    const outcome = isSeen ? await this.#send(webhook, delivery) : undefined;
    const nowMs = clock.nowMs();
    const ended =
      outcome === undefined
        ? { ...delivery, state: 'WITHHELD' as const }
        : this.#judge(delivery, outcome, nowMs);
    await saveDelivery(store.db, ended);
  }

  #judge(delivery: DeliveryRecord, outcome: WebhookOutcome, nowMs: number): DeliveryRecord {
    const tried = withOutcome(delivery, outcome, nowMs);
    if (isSuccess(outcome)) return { ...tried, state: 'DELIVERED' };
    const nextAttemptAtMs = nowMs + backoffDelayMs(BACKOFF, delivery.attempts, this.#service.random);
    const isGivenUp = nextAttemptAtMs > delivery.createdAtMs + GIVE_UP_MS;
    return { ...tried, nextAttemptAtMs, state: isGivenUp ? 'FAILED' : 'PENDING' };
  }

  /** X2 */
  async #maySend({ owner }: WebhookRecord, { event }: DeliveryRecord): Promise<boolean> {
    const { store, facts } = this.#service;
    const identity = await findIdentity(store.db, owner.kind, owner.name);
    if (identity?.id !== owner.identityId) return false;
    return maySee(event as ServiceEvent, {
      policies: await policiesOf(store.db, owner),
      context: callContext(this.#service, owner, ''),
      scope: facts,
      tagsOf: (resource) => tagsOfResource(this.#service, resource),
    });
  }

  #send({ url, webhookId, secret }: WebhookRecord, delivery: DeliveryRecord): Promise<WebhookOutcome> {
    const { vaults, clock, facts } = this.#service;
    const { deliveryId, event } = delivery;
    const opened = vaults.webhooks.open(secret, webhookId);
    assert(opened !== undefined, 'the secret of a webhook opens: the key is that of the access keys');
    const message: Landfall.WebhookMessage = { webhookID: webhookId, deliveryID: deliveryId, event };
    const body = JSON.stringify(message);
    return sendWebhook(this.#guard, {
      url,
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': `landfall/${facts.version}`,
        [WEBHOOK_SIGNATURE_HEADER]: webhookSignature({ secret: opened, body, nowMs: clock.nowMs() }),
      },
    });
  }

  async #trim(): Promise<void> {
    const { store, clock, webhookQueue } = this.#service;
    const nowMs = clock.nowMs();
    if (nowMs < this.#trimmedAtMs + TRIM_MS) return;
    this.#trimmedAtMs = nowMs;
    const ids = webhookQueue.webhooks.map(({ webhookId }) => webhookId);
    await store.transaction(async (tx) => {
      await giveUpOldDeliveries(tx, nowMs - GIVE_UP_MS);
      await trimDeliveries(tx, ids, { beforeMs: nowMs - LOG_RETENTION_MS, keep: LOG_MAX });
    });
  }
}

function withOutcome(delivery: DeliveryRecord, outcome: WebhookOutcome, nowMs: number): DeliveryRecord {
  const { statusCode: _code, error: _error, ...rest } = delivery;
  const why = !isSuccess(outcome) && 'statusCode' in outcome ? { error: failureOf(outcome.statusCode) } : {};
  return { ...rest, ...outcome, ...why, attempts: delivery.attempts + 1, lastAttemptAtMs: nowMs };
}

function failureOf(statusCode: number): string {
  const isRedirect = statusCode >= 300 && statusCode < 400;
  return isRedirect ? `redirects (${statusCode}) are not followed` : `answered ${statusCode}`;
}

function isSuccess(outcome: WebhookOutcome): boolean {
  return 'statusCode' in outcome && outcome.statusCode >= 200 && outcome.statusCode < 300;
}

function keyOf({ webhookId, deliveryId }: DeliveryRecord): string {
  return `${webhookId} ${deliveryId}`;
}
