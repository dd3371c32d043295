/** What users do, seen as events: every table whose rows somebody sees. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { followEvents } from '../testing/followed-events.ts';
import { enrolProgram, newIdentity } from '../testing/simulated-programs.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';
import { eventsOfRows, isTold } from './row-events.ts';

const SCOPE = { region: 'us-east-1', accountId: '000000000000' };

test('templates, actions, imports, exports, proofs and preflights are told under their ids', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { api } = plane;
  const { sourceServerId: sourceServerID } = await addAgent();
  const followed = await followEvents(t, api);
  await followed.until('ready');
  const { launchConfigurationTemplateID: templateId = '' } = await api.mgn(
    'CreateLaunchConfigurationTemplate',
    {},
  );
  await followed.until('TemplateChanged', templateId);
  const action = {
    actionID: 'one',
    actionName: 'one',
    documentIdentifier: 'landfall-check-disks',
    order: 1001,
  };
  await api.mgn('PutSourceServerAction', { sourceServerID, ...action });
  await followed.until('SourceServerChanged', sourceServerID);
  const { launchTemplateVersion } = await api.landfall('CreateLaunchTemplateVersion', {
    ...{ sourceServerID, sourceVersion: '$Default', launchTemplateData: { instanceType: 'c5.large' } },
  });
  await followed.until('TemplateChanged', launchTemplateVersion.launchTemplateID);
  const { exportTask } = await api.mgn('StartExport', { s3Bucket: 'b', s3Key: 'out.csv' });
  await followed.until('ExportChanged', exportTask?.exportID);
  const isExported = () => followed.events.some(({ summary }) => summary === 'SUCCEEDED');
  await waitFor('the export', isExported, Boolean);
  const s3BucketSource = { s3Bucket: 'b', s3Key: 'out.csv' };
  const { importTask } = await api.mgn('StartImport', { s3BucketSource });
  await followed.until('ImportChanged', importTask?.importID);
  const { bootProof } = await api.landfall('StartBootProof', { sourceServerID });
  await followed.until('BootProofChanged', bootProof.bootProofID);
  await api.landfall('StartPreflight', { sourceServerID });
  await followed.until('PreflightChanged', sourceServerID);
  await api.landfall('CreateUser', { userName: 'ann' });
  await followed.until('IdentityChanged', 'arn:aws:iam::000000000000:user/ann');
  const ofServer = ['BootProofChanged', 'PreflightChanged', 'SourceServerChanged'];
  const servers = followed.events.filter(({ type }) => ofServer.includes(type));
  assert.deepEqual([...new Set(servers.map(({ sourceServerId }) => sourceServerId))], [sourceServerID]);
  assert.ok(followed.events.every(({ summary, resourceId }) => summary !== '' && resourceId !== ''));
  const { db } = plane.current().service.store;
  const gone = { table: 'job_log', verb: 'insert', values: { job_id: 'none' } } as const;
  const [unknown] = await eventsOfRows(db, [gone], SCOPE);
  assert.equal(unknown?.summary, 'deleted', 'a job that is gone');
});

test('connectors, tokens, scripts, webhooks and programs are told under their ids and names', async (t) => {
  const { plane } = await startTestSite(t);
  const { api } = plane;
  const { connectorID = '' } = await api.mgn('CreateConnector', {
    name: 'hall',
    ssmInstanceID: `mi-${'0'.repeat(17)}`,
  });
  const { webhook } = await api.landfall('CreateWebhook', { url: 'https://192.168.1.1/' });
  const { webhookID } = webhook;
  const followed = await followEvents(t, api);
  await followed.until('ready');
  const told = () =>
    followed.events.map(({ type, resourceId, summary }) => `${type} ${resourceId} ${summary}`);
  const until = (line: string) =>
    waitFor(`${line} among what is told`, told, (lines) => lines.includes(line));

  await api.mgn('UpdateConnector', { connectorID, name: 'attic' });
  await until(`ConnectorChanged ${connectorID} changed`);
  await api.mgn('DeleteConnector', { connectorID });
  await until(`ConnectorChanged ${connectorID} deleted`);
  const { tokenID } = await api.landfall('CreateEnrolmentToken', { role: 'launch-host' });
  await until(`EnrolmentTokenChanged ${tokenID} created`);
  await api.landfall('RevokeEnrolmentToken', { tokenID });
  await until(`EnrolmentTokenChanged ${tokenID} revoked`);
  await api.landfall('PutScriptDocument', { name: 'greet', script: '#!/bin/sh\necho hello' });
  await until('ScriptDocumentChanged greet version 1 created');
  await api.landfall('DeleteScriptDocument', { name: 'greet' });
  await until('ScriptDocumentChanged greet deleted');
  await api.landfall('PutScriptParameter', { name: 'licence', value: 'a secret', secure: true });
  await until('ScriptParameterChanged licence changed');
  await api.landfall('DeleteScriptParameter', { name: 'licence' });
  await until('ScriptParameterChanged licence deleted');
  await api.landfall('UpdateWebhook', { webhookID, description: 'of the hall' });
  await until(`WebhookChanged ${webhookID} changed`);
  await api.landfall('DeleteWebhook', { webhookID });
  await until(`WebhookChanged ${webhookID} deleted`);
  assert.ok(!JSON.stringify(followed.events).includes('a secret'));
});

test('that a program enrolled is told, and none of its reports', async (t) => {
  const plane = await startTestControlPlane(t);
  const followed = await followEvents(t, plane.api);
  await followed.until('ready');
  const { token, tokenID } = await plane.api.landfall('CreateEnrolmentToken', { role: 'launch-host' });
  const { programId } = await enrolProgram('launch-host', token, newIdentity());
  await followed.until('ProgramChanged', programId);
  const isUsed = () =>
    followed.events.some(({ resourceId: id, summary }) => id === tokenID && summary === 'used');
  await waitFor('the use of the token', isUsed, Boolean);
  const { db } = plane.current().service.store;
  const update = { table: 'program', verb: 'update' } as const;
  const values = { program_id: programId, report: '{}', last_seen_at_ms: 1 };
  assert.ok(!isTold({ ...update, values }));
  const revoked = { ...update, values: { program_id: programId, revoked_at_ms: 1 } };
  assert.ok(isTold(revoked));
  const [event] = await eventsOfRows(db, [revoked], SCOPE);
  assert.equal(event?.summary, 'launch-host revoked');
  const dropped = { table: 'webhook', verb: 'update', values: { webhook_id: 'wh-1' } } as const;
  assert.ok(!isTold(dropped), 'an event that found a queue full is none itself');
});

test('what is behind the scenes is told to nobody', async (t) => {
  const { plane, addAgent } = await startTestSite(t);
  const { sourceServerId: sourceServerID } = await addAgent();
  const followed = await followEvents(t, plane.api, { eventTypes: ['JobChanged'] });
  await followed.until('ready');
  await plane.api.mgn('DisconnectFromService', { sourceServerID });
  const { db } = plane.current().service.store;
  const jobs = await db.selectFrom('job').select(['job_id', 'type']).execute();
  assert.deepEqual(
    jobs.map(({ type }) => type),
    ['RETIREMENT'],
  );
  const changes = jobs.map(({ job_id }) => ({
    ...({ table: 'job', verb: 'update' } as const),
    values: { job_id },
  }));
  const tables = ['setting', 'audit_event', 'job_step', 'webhook_delivery'] as const;
  const inner = tables.map((table) => ({ table, verb: 'insert', values: { key: 'x' } }) as const);
  assert.deepEqual(await eventsOfRows(db, [...changes, ...inner], SCOPE), []);
  assert.deepEqual(followed.names, ['ready']);
});
