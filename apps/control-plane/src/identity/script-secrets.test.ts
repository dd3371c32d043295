import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { seededRandom } from '@landfall/runtime';
import { beginStep, endStep, listSteps } from '../store/job-steps.ts';
import { listParameters, saveParameter } from '../store/scripts.ts';
import { openSqliteStore, SQLITE_FILE } from '../store/sqlite-store.ts';
import { temporaryFolder } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';
import { openParameter, openResult, sealParameter, sealPlainScripts } from './script-secrets.ts';
import { createVault, VAULT_KEY_BYTES } from './secret-vault.ts';

const SECRET = 'correct-horse-battery-staple';
const OPEN = 'everybody-may-read-this';

test('I9: a launch fills in a secure parameter, and its value is nowhere in the database', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  const sourceServerID = (await site.addAgent()).sourceServerId;
  await api.landfall('PutScriptDocument', {
    ...{ name: 'join', script: '#!/bin/sh\njoin "{{key}}" "{{site}}"\n' },
    parameters: [{ name: 'key' }, { name: 'site' }],
  });
  await api.landfall('PutScriptParameter', { name: 'join.key', value: SECRET, secure: true });
  await api.landfall('PutScriptParameter', { name: 'join.site', value: OPEN });
  await api.mgn('PutSourceServerAction', {
    ...{ sourceServerID, actionID: 'join', actionName: 'join', order: 1001, documentIdentifier: 'join' },
    parameters: {
      key: [{ parameterType: 'STRING', parameterName: 'join.key' }],
      site: [{ parameterType: 'STRING', parameterName: 'join.site' }],
    },
  });
  let looks = 0;
  site.host.onCommand = async (name) => {
    if (name !== 'describeMachine') return;
    looks += 1;
    // What was found before is read again from the record.
    if (looks === 1) await site.plane.restart();
  };
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [sourceServerID] });
  const [server] = (await site.untilJobEnds(job?.jobID)).participatingServers ?? [];
  assert.equal(server?.launchStatus, 'LAUNCHED');
  const machine = site.host.machines.get(server?.launchedEc2InstanceID ?? '');
  const [script] = machine?.specification.postLaunchScripts ?? [];
  assert.deepEqual(script?.parameters, { key: SECRET, site: OPEN });
  const content = await site.plane.storedContent();
  assert.ok(content.includes(OPEN), 'what is not secure is there');
  assert.ok(!content.includes(SECRET), 'what is secure is not');
});

test('I9: what an earlier version wrote in plain is sealed at the next start, once, and opens', async (t) => {
  const stateDir = await temporaryFolder(t);
  const random = seededRandom(9);
  const vault = createVault(random.bytes(VAULT_KEY_BYTES), 'script-parameter', random);
  const store = await openSqliteStore(stateDir);
  const parameters = [
    { name: 'join.key', value: SECRET, secure: true },
    { name: 'join.site', value: OPEN, secure: false },
  ];
  for (const parameter of parameters) await saveParameter(store.db, parameter);
  const key = { jobId: 'mgnjob-1', sourceServerId: 's-1', name: 'SPECIFICATION' };
  const other = { ...key, sourceServerId: 's-2' };
  const result = { specification: { postLaunchScripts: [{ parameters: { key: SECRET } }] } };
  const failure = { step: 'SPECIFICATION', rawError: 'no size' };
  for (const one of [key, other]) await beginStep(store.db, one, 1);
  await endStep(store.db, key, { status: 'DONE', result, nowMs: 2 });
  await endStep(store.db, other, { status: 'FAILED', result: failure, nowMs: 2 });
  await store.transaction((tx) => sealPlainScripts(tx, vault));
  const resultOf = async (sourceServerId: string) =>
    (await listSteps(store.db, key.jobId, sourceServerId))[0]?.result ?? {};
  const sealed = await resultOf('s-1');
  const stored = await listParameters(store.db);
  await store.transaction((tx) => sealPlainScripts(tx, vault));
  assert.deepEqual([await resultOf('s-1'), await listParameters(store.db)], [sealed, stored]);
  assert.deepEqual(
    stored.map((parameter) => openParameter(vault, parameter)),
    parameters,
  );
  assert.deepEqual(openResult(vault, key, sealed), result);
  assert.throws(() => openResult(vault, other, sealed), { code: 'STATE_UNREADABLE' });
  assert.deepEqual(openResult(vault, other, await resultOf('s-2')), failure);
  await store.close();
  const content = await readFile(join(stateDir, SQLITE_FILE));
  assert.ok(content.includes(OPEN) && !content.includes(SECRET), 'it is in no page of the database');
});

test('I9: a secure value opens for its name alone', () => {
  const random = seededRandom(10);
  const vault = createVault(random.bytes(VAULT_KEY_BYTES), 'script-parameter', random);
  const sealed = sealParameter(vault, { name: 'a', value: SECRET, secure: true });
  assert.equal(openParameter(vault, sealed).value, SECRET);
  assert.throws(() => openParameter(vault, { ...sealed, name: 'b' }), { code: 'STATE_UNREADABLE' });
});
