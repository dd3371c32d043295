/** What users do, seen as events: every table whose rows somebody sees. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { followEvents } from '../testing/followed-events.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';
import { eventsOfRows } from './row-events.ts';

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
  const tables = ['setting', 'program', 'audit_event', 'job_step', 'webhook_delivery'] as const;
  const inner = tables.map((table) => ({ table, verb: 'insert', values: { key: 'x' } }) as const);
  assert.deepEqual(await eventsOfRows(db, [...changes, ...inner], SCOPE), []);
  assert.deepEqual(followed.names, ['ready']);
});
