/** Signed webhooks in the `landfall` service: events as requests to an address of the user's. */
import type { EventType, ServiceEvent } from './landfall-event-types.ts';

export interface WebhookOperations {
  readonly CreateWebhook: { readonly input: CreateWebhookRequest; readonly output: CreateWebhookResponse };
  readonly DescribeWebhooks: {
    readonly input: DescribeWebhooksRequest;
    readonly output: DescribeWebhooksResponse;
  };
  readonly UpdateWebhook: { readonly input: UpdateWebhookRequest; readonly output: UpdateWebhookResponse };
  readonly DeleteWebhook: { readonly input: WebhookRequest; readonly output: Record<string, never> };
  readonly TestWebhook: { readonly input: WebhookRequest; readonly output: TestWebhookResponse };
  readonly ListWebhookDeliveries: {
    readonly input: ListWebhookDeliveriesRequest;
    readonly output: ListWebhookDeliveriesResponse;
  };
}

export interface WebhookRequest {
  readonly webhookID: string;
}

export interface CreateWebhookRequest {
  readonly url: string;
  /** Absent: all. */
  readonly eventTypes?: readonly EventType[] | undefined;
  readonly description?: string | undefined;
}

export interface CreateWebhookResponse {
  readonly webhook: Webhook;
  /** Signs what is sent. Shown once. */
  readonly secret: string;
}

export interface DescribeWebhooksRequest {
  readonly webhookIDs?: readonly string[] | undefined;
}

export interface DescribeWebhooksResponse {
  readonly items: readonly Webhook[];
}

/** What is absent stays. Whoever changes a webhook is its owner from then on. */
export interface UpdateWebhookRequest extends WebhookRequest {
  readonly url?: string | undefined;
  readonly eventTypes?: readonly EventType[] | undefined;
  /** True: all events again, those of later releases too. Not beside `eventTypes`. */
  readonly allEventTypes?: boolean | undefined;
  readonly description?: string | undefined;
  readonly enabled?: boolean | undefined;
  /** A new secret takes the place of the old one at once. */
  readonly rotateSecret?: boolean | undefined;
}

export interface UpdateWebhookResponse {
  readonly webhook: Webhook;
  readonly secret?: string | undefined;
}

export interface TestWebhookResponse {
  readonly delivery: WebhookDelivery;
}

export interface ListWebhookDeliveriesRequest extends WebhookRequest {
  readonly state?: WebhookDeliveryState | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface ListWebhookDeliveriesResponse {
  /** Newest first. */
  readonly items: readonly WebhookDelivery[];
  readonly nextToken?: string | undefined;
}

export interface Webhook {
  readonly webhookID: string;
  readonly url: string;
  readonly eventTypes?: readonly EventType[] | undefined;
  readonly description?: string | undefined;
  readonly enabled: boolean;
  /** ARN: it is sent what this user or role may read. */
  readonly owner: string;
  readonly createdDateTime: string;
  readonly modifiedDateTime: string;
  /** Deliveries that wait for their first or next attempt. */
  readonly queued: number;
  /** Events that were not queued because the queue was full. */
  readonly dropped: number;
}

export type WebhookDeliveryState =
  | 'PENDING'
  | 'DELIVERED'
  /** Given up after a day. */
  | 'FAILED'
  /** The owner may not read what the event is about. */
  | 'WITHHELD';

export interface WebhookDelivery {
  readonly deliveryID: string;
  readonly webhookID: string;
  readonly state: WebhookDeliveryState;
  readonly eventID: string;
  readonly eventType: string;
  readonly resourceID: string;
  readonly createdDateTime: string;
  readonly attempts: number;
  readonly lastAttemptDateTime?: string | undefined;
  readonly nextAttemptDateTime?: string | undefined;
  /** Of the last answer. */
  readonly statusCode?: number | undefined;
  /** Why the last attempt failed. */
  readonly error?: string | undefined;
}

/**
 * The body of a delivery: JSON, UTF-8. It is signed by the header `Landfall-Signature`
 * (`verifyWebhookSignature`). A delivery may come more than once; `deliveryID` tells.
 */
export interface WebhookMessage {
  readonly webhookID: string;
  readonly deliveryID: string;
  readonly event: WebhookEvent;
}

/** `WebhookTest` is what TestWebhook sends; its `resourceId` is the webhook. */
export type WebhookEvent =
  | ServiceEvent
  | (Omit<ServiceEvent, 'type' | 'sourceServerId'> & { readonly type: 'WebhookTest' });
