import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api/types';
import { createRequest, draftOfWebhook, EVENT_TYPES, updateRequest, webhookFaults } from './webhook-draft.ts';

const WEBHOOK: Landfall.Webhook = {
  webhookID: 'wh-00000000000000000',
  url: 'https://example.org/hook',
  description: 'chat',
  eventTypes: ['JobChanged', 'TripwireChanged'],
  enabled: true,
  owner: 'arn:aws:iam::000000000000:user/ann',
  createdDateTime: '2026-01-01T00:00:00Z',
  modifiedDateTime: '2026-01-01T00:00:00Z',
  queued: 0,
  dropped: 0,
};

test('addresses are told from what cannot be one', () => {
  const draft = draftOfWebhook(undefined);
  for (const url of ['https://example.org/hook?a=1', ' http://10.0.0.1:8080/ '])
    assert.deepEqual(webhookFaults({ ...draft, url }), [], url);
  for (const url of ['', 'example.org', 'ftp://example.org', 'https://u:p@example.org', 'https://e.org/#x'])
    assert.deepEqual(webhookFaults({ ...draft, url }), ['url'], url);
  assert.deepEqual(webhookFaults({ ...draft, url: WEBHOOK.url, description: 'x'.repeat(257) }), [
    'description',
  ]);
});

test('no events chosen, or all of them, is all there will be', () => {
  const draft = { url: ' https://example.org/ ', description: ' ', eventTypes: [] };
  assert.deepEqual(createRequest(draft), { url: 'https://example.org/' });
  assert.deepEqual(createRequest({ ...draft, eventTypes: EVENT_TYPES }), { url: 'https://example.org/' });
  assert.deepEqual(createRequest({ ...draft, eventTypes: ['JobChanged'] }).eventTypes, ['JobChanged']);
});

test('an update says only what differs', () => {
  const draft = draftOfWebhook(WEBHOOK);
  assert.deepEqual(updateRequest(WEBHOOK, draft), {});
  assert.deepEqual(updateRequest(WEBHOOK, { ...draft, eventTypes: ['TripwireChanged', 'JobChanged'] }), {});
  assert.deepEqual(updateRequest(WEBHOOK, { ...draft, url: 'https://example.org/b' }), {
    url: 'https://example.org/b',
  });
  assert.deepEqual(updateRequest(WEBHOOK, { ...draft, description: '' }), { description: '' });
  assert.deepEqual(updateRequest(WEBHOOK, { ...draft, eventTypes: [] }), { allEventTypes: true });
  assert.deepEqual(updateRequest(WEBHOOK, { ...draft, eventTypes: EVENT_TYPES }), { allEventTypes: true });
  assert.deepEqual(updateRequest(WEBHOOK, { ...draft, eventTypes: ['WaveChanged'] }), {
    eventTypes: ['WaveChanged'],
  });
});
