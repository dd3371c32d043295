/** Webhooks from a change to a receiver that checks signatures. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { verifyWebhookSignature } from '@landfall/api';
import { systemClock } from '@landfall/runtime';
import { describedClient } from '../testing/described-client.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { addTestUser, clientOf } from '../testing/test-users.ts';
import { waitFor } from '../testing/wait-for.ts';
import { LOOPBACK_NETWORK, startWebhookReceiver } from '../testing/webhook-receiver.ts';
import { BACKOFF, GIVE_UP_MS } from '../webhooks/webhook-sender.ts';

async function start(t: TestContext) {
  const clock = shiftedClock();
  const receiver = await startWebhookReceiver(t);
  const plane = await startTestControlPlane(t, { clock, webhookNetworks: [LOOPBACK_NETWORK] });
  const api = describedClient(clientOf(plane, plane.admin, clock));
  await api.mgn('InitializeService', {});
  const untilReceived = (count: number) =>
    waitFor(
      `${count} deliveries`,
      () => receiver.received.length,
      (length) => length >= count,
    );
  const deliveries = async (webhookID: string) =>
    (await api.landfall('ListWebhookDeliveries', { webhookID })).items;
  return { clock, receiver, plane, api, untilReceived, deliveries };
}

test('an event reaches the receiver, signed with the secret that was shown once', async (t) => {
  const { receiver, plane, api, untilReceived, deliveries } = await start(t);
  const created = await api.landfall('CreateWebhook', { url: receiver.url, eventTypes: ['WaveChanged'] });
  const { webhookID } = created.webhook;
  await api.mgn('CreateApplication', { name: 'not asked for' });
  const { waveID } = await api.mgn('CreateWave', { name: 'w' });
  await untilReceived(1);
  const [one] = receiver.received;
  const signed = { secret: created.secret, body: one?.body ?? '', nowMs: systemClock.nowMs() };
  assert.equal(verifyWebhookSignature(one?.signature ?? '', signed), true);
  assert.equal(one?.message.webhookID, webhookID);
  assert.equal(one?.message.event.type, 'WaveChanged');
  assert.equal(one?.message.event.resourceId, waveID);
  const [delivery] = await waitFor(
    'it is in the log',
    () => deliveries(webhookID),
    ([first]) => first?.state === 'DELIVERED',
  );
  assert.equal(delivery?.deliveryID, one?.message.deliveryID);
  assert.equal(delivery?.statusCode, 204);
  const { items } = await api.landfall('DescribeWebhooks', {});
  assert.ok(!JSON.stringify(items).includes(created.secret));
  const stored = await plane.storedContent();
  assert.ok(stored.includes(webhookID), 'the webhook is stored');
  assert.ok(!stored.includes(created.secret), 'the secret is sealed');
});

test('what is not taken is sent again, after longer and longer, for a day', async (t) => {
  const { clock, receiver, api, untilReceived, deliveries } = await start(t);
  receiver.statusCode = 500;
  const { webhook } = await api.landfall('CreateWebhook', { url: receiver.url });
  await api.mgn('CreateWave', { name: 'w' });
  await untilReceived(1);
  const beganMs = clock.nowMs();
  const attempt = async (count: number) => {
    // The day may end between two attempts: then it is given up without another.
    const isTried = ([tried]: Awaited<ReturnType<typeof deliveries>>) =>
      tried?.attempts === count || tried?.state === 'FAILED';
    const [delivery] = await waitFor(`attempt ${count}`, () => deliveries(webhook.webhookID), isTried);
    return delivery;
  };
  const first = await attempt(1);
  assert.equal(first?.state, 'PENDING');
  assert.equal(first?.error, 'answered 500');
  let state: string | undefined = first?.state;
  let attempts = 1;
  for (; state === 'PENDING'; attempts += 1) {
    clock.shiftMs += BACKOFF.maximumMs;
    const tried = await attempt(attempts + 1);
    state = tried?.state;
  }
  assert.equal(state, 'FAILED');
  assert.ok(attempts > 20, `${attempts} attempts`);
  assert.ok(clock.nowMs() - beganMs <= GIVE_UP_MS + 2 * BACKOFF.maximumMs);
  const ids = new Set(receiver.received.map(({ message }) => message.deliveryID));
  assert.equal(ids.size, 1, 'X1: by its id a receiver knows it again');
});

test('a restart loses nothing of what is queued', async (t) => {
  const { clock, receiver, plane, api, untilReceived } = await start(t);
  receiver.statusCode = 503;
  await api.landfall('CreateWebhook', { url: receiver.url, eventTypes: ['WaveChanged'] });
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await api.mgn('CreateWave', { name });
  await untilReceived(1);
  await plane.restart();
  receiver.statusCode = 200;
  const before = receiver.received.length;
  clock.shiftMs += BACKOFF.initialMs;
  await untilReceived(before + 6);
  const resources = new Set(receiver.received.slice(before).map(({ message }) => message.event.resourceId));
  assert.equal(resources.size, 6);
});

test('X2: a webhook tells what its owner may read, and nothing when the owner is gone', async (t) => {
  const { receiver, plane, api, untilReceived, deliveries } = await start(t);
  const allowed = ['landfall:CreateWebhook', 'landfall:UpdateWebhook', 'mgn:ListWaves'];
  const statements = [{ Effect: 'Allow', Action: allowed, Resource: '*' }];
  const user = await addTestUser(plane, { userName: 'hook', statements });
  const { webhook } = await user.api.landfall('CreateWebhook', { url: receiver.url });
  assert.equal(webhook.owner, 'arn:aws:iam::000000000000:user/hook');
  await api.mgn('CreateApplication', { name: 'secret' });
  await api.mgn('CreateWave', { name: 'w' });
  await untilReceived(1);
  const untilNothingWaits = () =>
    waitFor(
      'nothing waits',
      () => deliveries(webhook.webhookID),
      (all) => all.every(({ state }) => state !== 'PENDING'),
    );
  await untilNothingWaits();
  await api.landfall('DetachPolicy', { userName: 'hook', policyName: 'hook-own' });
  const { accessKeyId: accessKeyID } = user;
  await api.landfall('DeleteAccessKey', { userName: 'hook', accessKeyID });
  await api.landfall('DeleteUser', { userName: 'hook' });
  await api.mgn('CreateWave', { name: 'v' });
  await waitFor(
    'the wave is withheld',
    () => deliveries(webhook.webhookID),
    ([newest]) => newest?.eventType === 'WaveChanged' && newest.state === 'WITHHELD',
  );
  assert.deepEqual(
    receiver.received.map(({ message }) => message.event.type),
    ['WaveChanged'],
  );
  await untilNothingWaits();
  const updated = await api.landfall('UpdateWebhook', { webhookID: webhook.webhookID, description: 'mine' });
  assert.match(updated.webhook.owner, /user\/administrator$/, 'whoever changes it is its owner');
});

test('a webhook is tested, switched off, given another secret, and deleted', async (t) => {
  const { receiver, api, deliveries } = await start(t);
  const { webhook, secret } = await api.landfall('CreateWebhook', { url: receiver.url });
  const { webhookID } = webhook;
  receiver.statusCode = 302;
  const failed = await api.landfall('TestWebhook', { webhookID });
  assert.equal(failed.delivery.state, 'FAILED');
  assert.equal(failed.delivery.error, 'redirects (302) are not followed');
  receiver.statusCode = 200;
  const rotated = await api.landfall('UpdateWebhook', { webhookID, rotateSecret: true, enabled: false });
  assert.ok(rotated.secret !== undefined && rotated.secret !== secret);
  const { delivery } = await api.landfall('TestWebhook', { webhookID });
  assert.equal(delivery.state, 'DELIVERED');
  const { body = '', signature = '', message } = receiver.received.at(-1) ?? {};
  assert.equal(message?.event.type, 'WebhookTest');
  const nowMs = systemClock.nowMs();
  assert.equal(verifyWebhookSignature(signature, { secret: rotated.secret, body, nowMs }), true);
  assert.equal(verifyWebhookSignature(signature, { secret, body, nowMs }), false);
  const received = receiver.received.length;
  await api.mgn('CreateWave', { name: 'nobody is told' });
  assert.equal((await deliveries(webhookID)).length, 2);
  const page = await api.landfall('ListWebhookDeliveries', { webhookID, maxResults: 1 });
  assert.equal(page.items[0]?.deliveryID, delivery.deliveryID);
  const { nextToken } = page;
  const rest = await api.landfall('ListWebhookDeliveries', { webhookID, maxResults: 1, nextToken });
  assert.equal(rest.items[0]?.deliveryID, failed.delivery.deliveryID);
  assert.equal(rest.nextToken, undefined);
  await api.landfall('DeleteWebhook', { webhookID });
  await assert.rejects(api.landfall('TestWebhook', { webhookID }), { name: 'ResourceNotFoundException' });
  assert.equal(receiver.received.length, received);
});

test('a webhook that was told of some events is told of all again', async (t) => {
  const { receiver, api, untilReceived } = await start(t);
  const eventTypes = ['WaveChanged'] as const;
  const { webhook } = await api.landfall('CreateWebhook', { url: receiver.url, eventTypes });
  const { webhookID } = webhook;
  const both = api.landfall('UpdateWebhook', { webhookID, eventTypes, allEventTypes: true });
  await assert.rejects(both, { name: 'ValidationException' });
  const same = await api.landfall('UpdateWebhook', { webhookID, allEventTypes: false });
  assert.deepEqual(same.webhook.eventTypes, eventTypes);
  const { webhook: all } = await api.landfall('UpdateWebhook', { webhookID, allEventTypes: true });
  assert.equal(all.eventTypes, undefined);
  const { items } = await api.landfall('DescribeWebhooks', { webhookIDs: [webhookID] });
  assert.equal(items[0]?.eventTypes, undefined);
  await api.mgn('CreateApplication', { name: 'shop' });
  await untilReceived(1);
  assert.equal(receiver.received[0]?.message.event.type, 'ApplicationChanged');
});

test('addresses that must not be reached are refused at once', async (t) => {
  const { api } = await startTestControlPlane(t);
  const closed = [
    ...[
      'https://127.0.0.1/',
      'https://[::1]/',
      'http://169.254.169.254/latest/meta-data/',
      'https://0x7f.1/',
    ],
    ...['https://user:password@example.org/', 'https://example.org/#x', 'http://192.168.1.1/', 'https://:1'],
  ];
  for (const url of closed) {
    await assert.rejects(api.landfall('CreateWebhook', { url }), { name: 'ValidationException' }, url);
  }
  await api.landfall('CreateWebhook', { url: 'https://192.168.1.1/hook' });
});
