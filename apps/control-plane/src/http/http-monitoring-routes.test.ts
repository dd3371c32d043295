import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import test from 'node:test';
import { parseExposition } from '../metrics/exposition-parser.testing.ts';
import { ec2CallsOf } from '../testing/ec2-calls.ts';
import { startTestControlPlane, type TestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function get({ url, caPem: ca }: TestControlPlane, path: string, token?: string): Promise<Answer> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, url), { ca, agent: false, headers }, async (answer) => {
      const chunks = await answer.toArray();
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: answer.statusCode ?? 0, type: String(answer.headers['content-type']), text });
    });
    asked.on('error', reject).end();
  });
}

test('whoever probes learns whether it lives and can work, and nothing more', async (t) => {
  const plane = await startTestControlPlane(t);
  const health = await get(plane, '/healthz');
  assert.deepEqual(JSON.parse(health.text), { status: 'ok', version: '0.1.0' });
  const ready = await get(plane, '/readyz');
  assert.equal(ready.status, 200);
  const checks = { store: 'ok', certificateAuthority: 'ok', running: 'ok' };
  assert.deepEqual(JSON.parse(ready.text), { status: 'ready', checks });
  const { service } = plane.current();
  const setting = 'setting_elsewhere';
  await service.store.db.schema.alterTable('setting').renameTo(setting).execute();
  const broken = await get(plane, '/readyz');
  assert.equal(broken.status, 503);
  const failed = { status: 'not-ready', checks: { ...checks, store: 'failed' } };
  assert.deepEqual(JSON.parse(broken.text), failed);
  assert.equal((await get(plane, '/healthz')).status, 200, 'it lives all the same');
  await service.store.db.schema.alterTable(setting).renameTo('setting').execute();
  assert.equal((await get(plane, '/readyz')).status, 200);
});

test('metrics are for who has the token; they are well-formed and say how things are', async (t) => {
  const { plane, addAgent, untilJobEnds } = await startTestSite(t);
  const { sourceServerId } = await addAgent();
  const { job } = await plane.api.mgn('StartTest', { sourceServerIDs: [sourceServerId] });
  await untilJobEnds(job?.jobID);
  await assert.rejects(plane.api.mgn('DeleteWave', { waveID: 'wave-00000000000000000' }));
  await plane.api.landfall('CreateWebhook', { url: 'https://192.168.1.1/' });
  const ec2 = await ec2CallsOf(t, plane);
  await ec2('DescribeInstances');
  await ec2('StopInstances', { 'InstanceId.1': 'i-00000000' });
  await ec2('RunInstances');
  const path = join(plane.stateDir, 'metrics-token');
  const token = (await readFile(path, 'utf8')).trim();
  assert.equal((await stat(path)).mode & 0o077, 0);
  for (const wrong of [undefined, '', 'x', `${token}x`]) {
    assert.equal((await get(plane, '/metrics', wrong)).status, 401);
  }
  const { status, type, text } = await get(plane, '/metrics', token);
  assert.equal(status, 200);
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  const families = parseExposition(text);
  const value = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    families
      .get(name)
      ?.samples.find((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text))
      ?.value;
  assert.equal(value('landfall_source_servers', { state: 'TESTING' }), 1);
  assert.equal(value('landfall_source_servers_replicating', { state: 'CONTINUOUS' }), 1);
  assert.equal(value('landfall_jobs', { type: 'LAUNCH', status: 'COMPLETED' }), 1);
  assert.ok((value('landfall_replication_lag_seconds', { source_server_id: sourceServerId }) ?? -1) >= 0);
  assert.equal(value('landfall_replication_backlog_bytes', { source_server_id: sourceServerId }), 0);
  assert.equal(value('landfall_api_calls_total', { operation: 'StartTest', code: 'ok' }), 1);
  const missing = { operation: 'DeleteWave', code: 'ResourceNotFoundException' };
  assert.equal(value('landfall_api_calls_total', missing), 1);
  assert.equal(value('landfall_api_calls_total', { service: 'ec2', operation: 'DescribeInstances' }), 1);
  const noInstance = { service: 'ec2', operation: 'StopInstances', code: 'InvalidInstanceID.NotFound' };
  assert.equal(value('landfall_api_calls_total', noInstance), 1);
  assert.equal(value('landfall_api_calls_total', { operation: 'unknown', code: 'InvalidAction' }), 1);
  assert.ok((value('landfall_staging_free_bytes') ?? 0) > 0);
  assert.equal(value('landfall_event_streams'), 0);
  assert.ok(families.get('landfall_webhook_queued_deliveries')?.samples.length === 1);
  const { programs } = JSON.parse((await get(plane, '/readyz', token)).text);
  assert.deepEqual(
    programs.map(({ role, connected }: { role: string; connected: boolean }) => [role, connected]),
    [
      ['replication-server', true],
      ['launch-host', true],
    ],
  );
  await plane.restart();
  assert.equal((await get(plane, '/metrics', token)).status, 200, 'the token stays');
});
