/** Signed webhooks: operations and shapes of the `landfall` service. */

import type { OperationModel, ShapeModel } from '../service-model.ts';
import { EVENT_SHAPES } from './landfall-event-model.ts';
import { read, write } from './landfall-operation.ts';

export const WEBHOOK_OPERATIONS = {
  CreateWebhook: write('CreateWebhook', 'ServiceQuotaExceededException'),
  DescribeWebhooks: read('DescribeWebhooks', 'ResourceNotFoundException'),
  UpdateWebhook: write('UpdateWebhook', 'ResourceNotFoundException'),
  DeleteWebhook: { ...write('DeleteWebhook', 'ResourceNotFoundException'), idempotent: true },
  TestWebhook: write('TestWebhook', 'ResourceNotFoundException'),
  ListWebhookDeliveries: read('ListWebhookDeliveries', 'ResourceNotFoundException'),
} as const satisfies Record<string, OperationModel>;

const ONE = { type: 'structure', required: ['webhookID'], members: { webhookID: 'WebhookID' } } as const;

const REQUESTS = {
  CreateWebhookRequest: {
    type: 'structure',
    required: ['url'],
    members: { url: 'WebhookUrl', eventTypes: 'EventTypes', description: 'WebhookDescription' },
  },
  DescribeWebhooksRequest: { type: 'structure', members: { webhookIDs: 'WebhookIDs' } },
  UpdateWebhookRequest: {
    type: 'structure',
    required: ['webhookID'],
    members: {
      webhookID: 'WebhookID',
      url: 'WebhookUrl',
      eventTypes: 'EventTypes',
      allEventTypes: 'Boolean',
      description: 'WebhookDescription',
      enabled: 'Boolean',
      rotateSecret: 'Boolean',
    },
  },
  DeleteWebhookRequest: ONE,
  TestWebhookRequest: ONE,
  ListWebhookDeliveriesRequest: {
    type: 'structure',
    required: ['webhookID'],
    members: {
      webhookID: 'WebhookID',
      state: 'WebhookDeliveryState',
      maxResults: 'MaxResultsType',
      nextToken: 'PaginationToken',
    },
  },
} as const satisfies Record<string, ShapeModel>;

const RESPONSES = {
  CreateWebhookResponse: {
    type: 'structure',
    required: ['webhook', 'secret'],
    members: { webhook: 'Webhook', secret: 'Text' },
  },
  DescribeWebhooksResponse: { type: 'structure', required: ['items'], members: { items: 'Webhooks' } },
  UpdateWebhookResponse: {
    type: 'structure',
    required: ['webhook'],
    members: { webhook: 'Webhook', secret: 'Text' },
  },
  DeleteWebhookResponse: { type: 'structure', members: {} },
  TestWebhookResponse: {
    type: 'structure',
    required: ['delivery'],
    members: { delivery: 'WebhookDelivery' },
  },
  ListWebhookDeliveriesResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'WebhookDeliveries', nextToken: 'PaginationToken' },
  },
} as const satisfies Record<string, ShapeModel>;

export const WEBHOOK_SHAPES = {
  ...REQUESTS,
  ...RESPONSES,
  Webhook: {
    type: 'structure',
    required: [
      'webhookID',
      'url',
      'enabled',
      'owner',
      'createdDateTime',
      'modifiedDateTime',
      'queued',
      'dropped',
    ],
    members: {
      webhookID: 'WebhookID',
      url: 'Text',
      eventTypes: 'EventTypes',
      description: 'Text',
      enabled: 'Boolean',
      owner: 'Text',
      createdDateTime: 'Text',
      modifiedDateTime: 'Text',
      queued: 'Count',
      dropped: 'Count',
    },
  },
  WebhookDelivery: {
    type: 'structure',
    required: [
      'deliveryID',
      'webhookID',
      'state',
      'eventID',
      'eventType',
      'resourceID',
      'createdDateTime',
      'attempts',
    ],
    members: {
      deliveryID: 'Text',
      webhookID: 'WebhookID',
      state: 'WebhookDeliveryState',
      eventID: 'EventID',
      eventType: 'Text',
      resourceID: 'Text',
      createdDateTime: 'Text',
      attempts: 'Count',
      lastAttemptDateTime: 'Text',
      nextAttemptDateTime: 'Text',
      statusCode: 'Count',
      error: 'Text',
    },
  },
  /** The body of a delivery: in no answer, but in the OpenAPI document. */
  WebhookMessage: {
    type: 'structure',
    required: ['webhookID', 'deliveryID', 'event'],
    members: { webhookID: 'WebhookID', deliveryID: 'Text', event: 'WebhookEvent' },
  },
  WebhookEvent: {
    ...EVENT_SHAPES.ServiceEvent,
    members: { ...EVENT_SHAPES.ServiceEvent.members, type: 'WebhookEventType' },
  },
  WebhookEventType: { type: 'string', enum: [...EVENT_SHAPES.EventType.enum, 'WebhookTest'] },
  Webhooks: { type: 'list', member: 'Webhook' },
  WebhookDeliveries: { type: 'list', member: 'WebhookDelivery' },
  WebhookIDs: { type: 'list', member: 'WebhookID', min: 1, max: 50 },
  WebhookID: { type: 'string', min: 20, max: 20, pattern: 'wh-[0-9a-z]{17}' },
  WebhookUrl: { type: 'string', min: 10, max: 2048, pattern: 'https?://[!-~]+' },
  WebhookDescription: { type: 'string', max: 256 },
  WebhookDeliveryState: { type: 'string', enum: ['PENDING', 'DELIVERED', 'FAILED', 'WITHHELD'] },
} as const satisfies Record<string, ShapeModel>;
