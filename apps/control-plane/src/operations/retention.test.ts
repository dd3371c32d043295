import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Landfall } from '@landfall/api';
import { RETENTION_DEFAULT } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import { followEvents } from '../testing/followed-events.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const hours = (count: number) => [{ everyMs: 0, forMs: count * HOUR_MS }];

async function startSite(t: TestContext) {
  const site = await startTestSite(t);
  const { api } = site.plane;
  return {
    ...site,
    get: (sourceServerID?: string) => api.landfall('GetRetention', { sourceServerID }),
    put: (tiers: Landfall.PutRetentionRequest['tiers'], sourceServerID?: string) =>
      api.landfall('PutRetention', { sourceServerID, tiers }),
    preview: (tiers: Landfall.PutRetentionRequest['tiers'], sourceServerID?: string) =>
      api.landfall('PreviewRetention', { sourceServerID, tiers }),
    untilApplied: (sourceServerID: string) =>
      waitFor(
        'the tiers to be applied',
        () => api.landfall('GetRetention', { sourceServerID }),
        ({ isApplied }) => isApplied === true,
      ),
  };
}

test('tiers of a server and of all reach the replication server, and what is put goes away again', async (t) => {
  const { addAgent, get, put, untilApplied, replication } = await startSite(t);
  const { sourceServerId } = await addAgent();
  assert.deepEqual(await get(), { origin: 'BUILT_IN', tiers: RETENTION_DEFAULT, revision: 'none' });
  const put7 = await put(hours(7));
  assert.deepEqual([put7.origin, put7.tiers], ['DEFAULT', hours(7)]);
  assert.match(put7.revision, /^[0-9a-f]{16}$/);
  assert.deepEqual(await untilApplied(sourceServerId), {
    ...{ sourceServerID: sourceServerId, origin: 'DEFAULT', tiers: hours(7), isApplied: true },
    revision: 'none',
  });
  const own = await put(hours(3), sourceServerId);
  assert.deepEqual([own.origin, own.tiers, own.isApplied], ['SERVER', hours(3), false]);
  assert.equal((await untilApplied(sourceServerId)).origin, 'SERVER');
  assert.deepEqual(replication.configuration.servers[0]?.retention, { own: hours(3), default: hours(7) });
  assert.equal((await put(undefined, sourceServerId)).origin, 'DEFAULT');
  assert.equal((await put(undefined)).origin, 'BUILT_IN');
  assert.deepEqual((await untilApplied(sourceServerId)).origin, 'BUILT_IN');
  assert.equal(replication.configuration.servers[0]?.retention, undefined);
});

test('the file of a replication server holds where nothing else was put, and is shown', async (t) => {
  const { addAgent, put, untilApplied, replication } = await startSite(t);
  const { sourceServerId } = await addAgent();
  replication.fileRetention = { origin: 'DEFAULT_FILE', tiers: hours(9) };
  const shown = async () => (await untilApplied(sourceServerId)).origin;
  await waitFor('the report', shown, (origin) => origin === 'DEFAULT_FILE');
  await put(hours(7));
  await waitFor('the default', shown, (origin) => origin === 'DEFAULT');
  replication.fileRetention = { origin: 'SERVER_FILE', tiers: hours(10) };
  await waitFor('the report', shown, (origin) => origin === 'SERVER_FILE');
  await put(hours(5), sourceServerId);
  assert.deepEqual((await untilApplied(sourceServerId)).tiers, hours(5));
});

test('a preview says what how many servers would lose, and nothing is changed by it', async (t) => {
  const { addAgent, get, put, preview, replication } = await startSite(t);
  const [few, many, apart] = [await addAgent(), await addAgent(), await addAgent()];
  few.replica.epoch = 30;
  many.replica.epoch = 100;
  apart.replica.epoch = 1000;
  await put(hours(24), apart.sourceServerId);
  const minute = [{ everyMs: 0, forMs: MINUTE_MS }];
  const { items, ...sums } = await preview(minute);
  assert.deepEqual(sums, {
    ...{ servers: 2, points: 130, droppedPoints: 40, droppingServers: 1, unansweredServerIDs: [] },
  });
  assert.deepEqual(items, [
    {
      ...{ sourceServerID: many.sourceServerId, points: 100, droppedPoints: 40 },
      oldestDateTime: '1970-01-01T00:00:01.000Z',
      oldestKeptDateTime: '1970-01-01T00:00:41.000Z',
    },
  ]);
  const ofOne = await preview(minute, apart.sourceServerId);
  assert.deepEqual([ofOne.droppedPoints, ofOne.servers], [940, 1]);
  assert.equal((await preview(undefined, apart.sourceServerId)).droppedPoints, 0);
  assert.equal((await get()).origin, 'BUILT_IN');
  replication.onCommand = async (name) => {
    if (name === 'previewRetention') throw new OperationError('SERVER_NOT_STAGED', 'there is nothing of it');
  };
  const ids = [few.sourceServerId, many.sourceServerId];
  const unknown = await preview(minute);
  assert.deepEqual([unknown.servers, [...unknown.unansweredServerIDs].sort()], [0, ids.sort()]);
});

test('what does not follow, is too short or is of nobody is refused, and nothing is put', async (t) => {
  const { get, put, preview } = await startSite(t);
  for (const tiers of [
    [],
    [{ everyMs: 0, forMs: 1000 }],
    [{ everyMs: 2 * HOUR_MS, forMs: HOUR_MS }],
    [...hours(2), { everyMs: 0, forMs: 3 * HOUR_MS }],
    [...hours(2), { everyMs: 1000, forMs: HOUR_MS }],
  ]) {
    await assert.rejects(put(tiers), { name: 'ValidationException' }, JSON.stringify(tiers));
    await assert.rejects(preview(tiers), { name: 'ValidationException' }, JSON.stringify(tiers));
  }
  const nobody = 's-00000000000000000';
  const asks = [() => get(nobody), () => put(hours(1), nobody), () => preview(hours(1), nobody)];
  for (const ask of asks) await assert.rejects(ask, { name: 'ResourceNotFoundException' });
  assert.equal((await get()).origin, 'BUILT_IN');
});

test('a change is told as an event, and is in the audit log', async (t) => {
  const { addAgent, put, plane } = await startSite(t);
  const { sourceServerId } = await addAgent();
  const followed = await followEvents(t, plane.api, { eventTypes: ['RetentionChanged'] });
  await followed.until('ready');
  await put(hours(7));
  const told = () => followed.events.map(({ resourceId, summary }) => `${resourceId}: ${summary}`);
  await waitFor(
    'both events',
    async () => told(),
    (seen) =>
      seen.includes('default: default retention') && seen.includes(`${sourceServerId}: retention by DEFAULT`),
  );
  const { items } = await plane.api.landfall('ListAuditEvents', {});
  assert.ok(items.some(({ action }) => action === 'landfall:PutRetention'));
});
