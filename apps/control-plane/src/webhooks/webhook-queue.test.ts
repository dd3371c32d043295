import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { systemRandom } from '@landfall/runtime';
import { EventLog, type NewEvent } from '../events/event-log.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import { countQueued, listDeliveries, saveDelivery } from '../store/webhook-deliveries.ts';
import { findWebhook, insertWebhook, type WebhookRecord } from '../store/webhooks.ts';
import { cleanUpAfter } from '../testing/clean-up.ts';
import { temporaryFolder } from '../testing/test-control-plane.ts';
import { WebhookQueue } from './webhook-queue.ts';

const NOW_MS = 1_767_225_600_000;
const WEBHOOK: WebhookRecord = {
  ...{ webhookId: 'wh-1', createdAtMs: 1, modifiedAtMs: 1, secret: 'sealed', dropped: 0 },
  ...{ url: 'https://example.org/', isEnabled: true },
  owner: { kind: 'user', name: 'u', identityId: 'AIDA', arn: 'arn:aws:iam::000000000000:user/u' },
};

async function openQueue(t: TestContext, webhooks: readonly WebhookRecord[], queueMax: number) {
  const store = await openSqliteStore(await temporaryFolder(t));
  cleanUpAfter(t, () => store.close());
  for (const webhook of webhooks) await insertWebhook(store.db, webhook);
  const events = new EventLog({ nowMs: NOW_MS });
  const queue = new WebhookQueue({ events, random: systemRandom, queueMax });
  await queue.load(store.db);
  const put = (...made: NewEvent[]) => store.transaction((tx) => queue.put(tx, made, NOW_MS));
  return { store, put };
}

function jobEvent(number: number, summary = ''): NewEvent {
  return { type: 'JobChanged', resourceId: `mgnjob-${number}`, summary };
}

test('Q2: a queue that is full counts what it does not take', async (t) => {
  const { store, put } = await openQueue(t, [WEBHOOK], 3);
  await put(...[1, 2, 3, 4, 5].map((number) => jobEvent(number)));
  assert.equal(await countQueued(store.db, 'wh-1'), 3);
  assert.equal((await findWebhook(store.db, 'wh-1'))?.dropped, 2);
});

test('D2: one that was never tried is brought up to date; after an attempt the next is another', async (t) => {
  const { store, put } = await openQueue(t, [WEBHOOK], 3);
  await put(jobEvent(1, 'first'), jobEvent(1, 'second'));
  const all = { state: undefined, beforeSequence: undefined, limit: 10 };
  const [only, ...more] = await listDeliveries(store.db, 'wh-1', all);
  assert.ok(only !== undefined && more.length === 0);
  assert.equal(only.event.summary, 'second');
  await saveDelivery(store.db, { ...only, attempts: 1 });
  await put(jobEvent(1, 'third'));
  const summaries = (await listDeliveries(store.db, 'wh-1', all)).map(({ event }) => event.summary);
  assert.deepEqual(summaries, ['third', 'second']);
});

test('only webhooks that are on and want it are sent an event', async (t) => {
  const off = { ...WEBHOOK, webhookId: 'wh-2', isEnabled: false };
  const waves: WebhookRecord = { ...WEBHOOK, webhookId: 'wh-3', eventTypes: ['WaveChanged'] };
  const { store, put } = await openQueue(t, [WEBHOOK, off, waves], 3);
  await put(jobEvent(1));
  const counts = await Promise.all(['wh-1', 'wh-2', 'wh-3'].map((id) => countQueued(store.db, id)));
  assert.deepEqual(counts, [1, 0, 0]);
});

test('Q3: webhooks are told of others, and not of themselves', async (t) => {
  const { store, put } = await openQueue(t, [WEBHOOK, { ...WEBHOOK, webhookId: 'wh-2' }], 3);
  await put({ type: 'WebhookChanged', resourceId: 'wh-1', summary: 'deleted' });
  const counts = await Promise.all(['wh-1', 'wh-2'].map((id) => countQueued(store.db, id)));
  assert.deepEqual(counts, [0, 1]);
});
