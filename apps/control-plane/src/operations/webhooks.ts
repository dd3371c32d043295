/** Webhooks: who is sent what happens. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import { assert, publicId, type Random } from '@landfall/runtime';
import type { Caller } from '../identity/callers.ts';
import type { Service } from '../service.ts';
import {
  countQueued,
  type DeliveryRecord,
  listDeliveries,
  type StoredDelivery,
} from '../store/webhook-deliveries.ts';
import {
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  saveWebhook,
  type WebhookOwner,
  type WebhookRecord,
} from '../store/webhooks.ts';
import { literalProblem } from '../webhooks/http-webhook-request.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  | 'CreateWebhook'
  | 'DescribeWebhooks'
  | 'UpdateWebhook'
  | 'DeleteWebhook'
  | 'TestWebhook'
  | 'ListWebhookDeliveries'
>;

export const WEBHOOKS_MAX = 50;
const SECRET_BYTES = 32;
const PAGE_DELIVERIES = 50;

export const webhookOperations: Operations = {
  CreateWebhook: async ({ url, eventTypes, description }, service) => {
    const { store, clock, random, vaults } = service;
    checkUrl(service, url);
    const webhookId = publicId('wh-', random);
    const secret = newSecret(random);
    const nowMs = clock.nowMs();
    const webhook: WebhookRecord = {
      ...{ webhookId, url, isEnabled: true, createdAtMs: nowMs, modifiedAtMs: nowMs, dropped: 0 },
      ...(eventTypes === undefined ? {} : { eventTypes }),
      ...(description === undefined ? {} : { description }),
      owner: ownerOf(service.caller),
      secret: vaults.webhooks.seal(secret, webhookId),
    };
    await store.transaction(async (tx) => {
      if ((await listWebhooks(tx)).length >= WEBHOOKS_MAX) throw tooMany();
      await insertWebhook(tx, webhook);
    });
    await service.webhookQueue.load(store.db);
    return { webhook: showWebhook(webhook, 0), secret };
  },

  DescribeWebhooks: async ({ webhookIDs }, { store }) => {
    const webhooks = await listWebhooks(store.db);
    const known = new Set(webhooks.map(({ webhookId }) => webhookId));
    const missing = webhookIDs?.find((id) => !known.has(id));
    if (missing !== undefined) throw notFound(missing);
    const wanted = webhooks.filter(({ webhookId }) => webhookIDs?.includes(webhookId) ?? true);
    const items: Landfall.Webhook[] = [];
    for (const webhook of wanted) {
      items.push(showWebhook(webhook, await countQueued(store.db, webhook.webhookId)));
    }
    return { items };
  },

  UpdateWebhook: async ({ webhookID, rotateSecret = false, ...change }, service) => {
    const { store, clock, random, vaults } = service;
    if (change.url !== undefined) checkUrl(service, change.url);
    const { url, eventTypes, allEventTypes = false, description, enabled } = change;
    if (allEventTypes && eventTypes !== undefined)
      throw ApiError.validation('eventTypes and allEventTypes exclude each other.');
    const secret = rotateSecret ? newSecret(random) : undefined;
    const changed = await store.transaction(async (tx) => {
      const { eventTypes: eventTypesBefore, ...before } = await requireWebhook(tx, webhookID);
      const eventTypesAfter = allEventTypes ? undefined : (eventTypes ?? eventTypesBefore);
      const after: WebhookRecord = {
        ...{ ...before, url: url ?? before.url, isEnabled: enabled ?? before.isEnabled },
        ...(eventTypesAfter === undefined ? {} : { eventTypes: eventTypesAfter }),
        ...(description === undefined ? {} : { description }),
        ...(secret === undefined ? {} : { secret: vaults.webhooks.seal(secret, webhookID) }),
        ...{ modifiedAtMs: clock.nowMs(), owner: ownerOf(service.caller) },
      };
      await saveWebhook(tx, after);
      return after;
    });
    await service.webhookQueue.load(store.db);
    const webhook = showWebhook(changed, await countQueued(store.db, webhookID));
    return secret === undefined ? { webhook } : { webhook, secret };
  },

  DeleteWebhook: async ({ webhookID }, { store, webhookQueue }) => {
    await store.transaction(async (tx) => {
      await requireWebhook(tx, webhookID);
      await deleteWebhook(tx, webhookID);
    });
    await webhookQueue.load(store.db);
    return {};
  },

  TestWebhook: async ({ webhookID }, { store, webhookSender }) => {
    const webhook = await requireWebhook(store.db, webhookID);
    return { delivery: showDelivery(await webhookSender.test(webhook)) };
  },

  ListWebhookDeliveries: async ({ webhookID, state, maxResults = PAGE_DELIVERIES, nextToken }, { store }) => {
    await requireWebhook(store.db, webhookID);
    const found = await listDeliveries(store.db, webhookID, {
      ...{ state, beforeSequence: readToken(nextToken), limit: maxResults + 1 },
    });
    const items = found.slice(0, maxResults);
    const last: StoredDelivery | undefined = items.at(-1);
    const hasMore = found.length > items.length && last !== undefined;
    return {
      items: items.map(showDelivery),
      ...(hasMore ? { nextToken: `before-${last.sequence}` } : {}),
    };
  },
};

/** Whoever can change where events go decides whose events they are: the one who changes it. */
function ownerOf(caller: Caller | undefined): WebhookOwner {
  assert(caller !== undefined, 'a call has a caller');
  const { kind, name, arn, userId } = caller;
  return { kind, name, arn, identityId: userId.split(':')[0] ?? userId };
}

function newSecret(random: Random): string {
  return `whsec_${random.bytes(SECRET_BYTES).toString('base64url')}`;
}

function checkUrl({ webhookGuard }: Service, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw badUrl('is no URL');
  if (url.username !== '' || url.password !== '') throw badUrl('may hold no user name and no password');
  if (url.hash !== '') throw badUrl('may have no fragment');
  const problem = literalProblem(webhookGuard, url);
  if (problem !== undefined) throw badUrl(`cannot be used: ${problem}`);
}

function badUrl(message: string): ApiError {
  return ApiError.validation(`url ${message}.`, {
    reason: 'fieldValidationFailed',
    fieldList: [{ name: 'url', message }],
  });
}

async function requireWebhook(db: Service['store']['db'], webhookId: string): Promise<WebhookRecord> {
  const webhook = await findWebhook(db, webhookId);
  if (webhook === undefined) throw notFound(webhookId);
  return webhook;
}

function notFound(webhookId: string): ApiError {
  return ApiError.notFound(webhookId, 'Webhook');
}

function tooMany(): ApiError {
  return ApiError.quotaExceeded(`There are at most ${WEBHOOKS_MAX} webhooks.`, {
    resourceType: 'Webhook',
    quotaValue: WEBHOOKS_MAX,
  });
}

/** The number of the last delivery given. */
function readToken(token: string | undefined): number | undefined {
  if (token === undefined || token === '') return undefined;
  const [, sequence] = /^before-(\d{1,15})$/.exec(token) ?? [];
  if (sequence !== undefined) return Number(sequence);
  throw ApiError.validation('nextToken is not one that this listing gave.', {
    reason: 'fieldValidationFailed',
    fieldList: [{ name: 'nextToken', message: 'is not a token that this listing gave' }],
  });
}

function showWebhook(webhook: WebhookRecord, queued: number): Landfall.Webhook {
  const { webhookId, url, eventTypes, description, isEnabled, owner, dropped } = webhook;
  return {
    ...{ webhookID: webhookId, url, eventTypes, description, enabled: isEnabled, owner: owner.arn },
    createdDateTime: isoDateTime(webhook.createdAtMs),
    modifiedDateTime: isoDateTime(webhook.modifiedAtMs),
    queued,
    dropped,
  };
}

function showDelivery(delivery: DeliveryRecord): Landfall.WebhookDelivery {
  const { deliveryId, webhookId, state, event, attempts, statusCode, error, lastAttemptAtMs } = delivery;
  const isWaiting = state === 'PENDING';
  return {
    ...{ deliveryID: deliveryId, webhookID: webhookId, state, attempts, statusCode, error },
    ...{ eventID: event.eventId, eventType: event.type, resourceID: event.resourceId },
    createdDateTime: isoDateTime(delivery.createdAtMs),
    lastAttemptDateTime: lastAttemptAtMs === undefined ? undefined : isoDateTime(lastAttemptAtMs),
    nextAttemptDateTime: isWaiting ? isoDateTime(delivery.nextAttemptAtMs) : undefined,
  };
}
