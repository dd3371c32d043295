import assert from 'node:assert/strict';
import { request } from 'node:https';
import test from 'node:test';
import { signRequest } from '@landfall/api';
import { silentLogger, systemClock } from '@landfall/runtime';
import { insertAuditEvents, listAuditEvents, trimAuditEvents } from '../store/audit-events.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import {
  startTestControlPlane,
  type TestControlPlane,
  temporaryFolder,
} from '../testing/test-control-plane.ts';
import { addTestUser, clientOf } from '../testing/test-users.ts';
import { createAuditLog } from './audit-log.ts';

test('who called what, from where, with which outcome; in pages, newest first', async (t) => {
  const plane = await startTestControlPlane(t);
  const ann = await addTestUser(plane, {
    userName: 'ann',
    policies: ['AWSApplicationMigrationReadOnlyAccess'],
  });
  await ann.api.landfall('DescribeService', {});
  await assert.rejects(ann.api.landfall('DeleteUser', { userName: 'administrator' }));
  const wrong = clientOf(plane, { ...ann, secretAccessKey: 'wrong' });
  await assert.rejects(wrong.landfall('DescribeService', {}), { name: 'InvalidSignatureException' });
  const principal = 'arn:aws:iam::000000000000:user/ann';
  const { items } = await plane.api.landfall('ListAuditEvents', { principal });
  assert.deepEqual(
    items.map(({ action, resources, outcome }) => [action, resources, outcome]),
    [
      ['landfall:DeleteUser', ['arn:aws:iam::000000000000:user/administrator'], 'AccessDeniedException'],
      ['landfall:DescribeService', ['*'], 'SUCCESS'],
    ],
  );
  assert.equal(items[0]?.sourceAddress, '127.0.0.1');
  assert.equal(items[0]?.accessKeyID, ann.accessKeyId);
  assert.match(items[0]?.eventID ?? '', /^[0-9a-f-]{36}$/);
  const failed = await plane.api.landfall('ListAuditEvents', { outcome: 'InvalidSignatureException' });
  assert.equal(failed.items[0]?.accessKeyID, ann.accessKeyId);
  assert.equal(failed.items[0]?.principal, undefined, 'it was not proven');
  const toDateTime = new Date(systemClock.nowMs() + 1000).toISOString();
  const all = (await plane.api.landfall('ListAuditEvents', { toDateTime })).items;
  const seen: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await plane.api.landfall('ListAuditEvents', { maxResults: 2, nextToken });
    seen.push(...page.items.map(({ eventID }) => eventID));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  const before = all.map(({ eventID }) => eventID);
  assert.deepEqual(
    seen.filter((id) => before.includes(id)),
    before,
    'each once, in order',
  );
  await plane.restart();
  const kept = await plane.api.landfall('ListAuditEvents', { action: 'landfall:CreateUser' });
  assert.deepEqual(
    kept.items.map(({ outcome }) => outcome),
    ['SUCCESS'],
  );
});

interface Answer {
  readonly status: number | undefined;
  readonly name: string | undefined;
}

function post(
  plane: TestControlPlane,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: plane.port, ca: plane.caPem, method: 'POST', path, headers };
    const outgoing = request({ ...options, agent: false }, (incoming) => {
      const name = incoming.headers['x-amzn-errortype'];
      incoming.resume().on('end', () => resolve({ status: incoming.statusCode, name: name?.toString() }));
    });
    outgoing.on('error', reject).end('{}');
  });
}

test('L2: a recorded request makes no second call, before a restart and after', async (t) => {
  const plane = await startTestControlPlane(t);
  const path = '/landfall/CreateEnrolmentToken';
  const host = { host: `127.0.0.1:${plane.port}` };
  const parts = { method: 'POST', rawPath: path, rawQuery: '', headers: host, body: '{}' };
  const scope = { service: 'landfall', region: 'us-east-1', nowMs: systemClock.nowMs() };
  const headers = { ...host, ...signRequest(parts, plane.admin, scope) };
  assert.equal((await post(plane, path, headers)).status, 200);
  const refused = { status: 403, name: 'InvalidSignatureException' };
  assert.deepEqual(await post(plane, path, headers), refused);
  await plane.restart();
  assert.deepEqual(await post(plane, path, headers), refused);
  const read = { ...parts, rawPath: '/landfall/DescribeService' };
  const readHeaders = { ...host, ...signRequest(read, plane.admin, scope) };
  for (const _ of [1, 2]) assert.equal((await post(plane, read.rawPath, readHeaders)).status, 200);
});

test('A3: the oldest go, by age and by number', async (t) => {
  const store = await openSqliteStore(await temporaryFolder(t));
  t.after(() => store.close());
  const events = [1, 2, 3, 4, 5].map((eventAtMs) => ({
    ...{ eventId: `e-${eventAtMs}`, eventAtMs, action: 'mgn:StartTest', resources: ['*'] },
    ...{ sourceAddress: '10.0.0.1', outcome: 'SUCCESS' },
  }));
  await insertAuditEvents(store.db, events);
  const left = async () => (await listAuditEvents(store.db, { limit: 9 })).map(({ eventId }) => eventId);
  await trimAuditEvents(store.db, { beforeMs: 2, keep: 10 });
  assert.deepEqual(await left(), ['e-5', 'e-4', 'e-3', 'e-2']);
  await trimAuditEvents(store.db, { beforeMs: 0, keep: 2 });
  assert.deepEqual(await left(), ['e-5', 'e-4']);
});

test('A1, A2: what may change something is there before it begins, and a store that fails loses nothing', async (t) => {
  const store = await openSqliteStore(await temporaryFolder(t));
  t.after(() => store.close());
  let isFailing = false;
  const failingStore: Store = {
    ...store,
    transaction: (work) =>
      isFailing ? Promise.reject(new Error('the disk is full')) : store.transaction(work),
  };
  const audit = createAuditLog({ store: failingStore, clock: systemClock, log: silentLogger });
  const event = {
    eventId: 'e-1',
    eventAtMs: 1,
    action: 'mgn:StartTest',
    resources: ['*'],
    sourceAddress: '::1',
  };
  const outcomes = async () => (await listAuditEvents(store.db, { limit: 9 })).map(({ outcome }) => outcome);
  await audit.begin({ ...event, outcome: 'STARTED' });
  assert.deepEqual(await outcomes(), ['STARTED']);
  isFailing = true;
  await assert.rejects(audit.begin({ ...event, eventId: 'e-2', outcome: 'STARTED' }), /disk is full/);
  await audit.end({ ...event, outcome: 'SUCCESS' }, true);
  await audit.end({ ...event, eventId: 'e-3', outcome: 'AccessDeniedException' }, false);
  await assert.rejects(audit.flush(), /disk is full/);
  isFailing = false;
  await audit.flush();
  assert.deepEqual(await outcomes(), ['AccessDeniedException', 'SUCCESS']);
});
