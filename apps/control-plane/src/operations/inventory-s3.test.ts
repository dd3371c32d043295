/** Imports and exports whose buckets are at an S3 endpoint. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startS3Server } from '../testing/s3-server.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { waitFor } from '../testing/wait-for.ts';

const INVENTORY =
  'mgn:wave:name,mgn:server:user-provided-id,mgn:server:fqdn-for-action-framework\n' +
  'first,web-1,web-1.example.org\n';

async function start(t: TestContext) {
  const server = await startS3Server(t, ['migrations']);
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const s3 = { endpoint, region, accessKeyId, secretAccessKey };
  const plane = await startTestControlPlane(t, {
    s3: { ...s3, pathStyle: true, buckets: ['migrations', 'elsewhere'] },
  });
  const { api } = plane;
  await api.mgn('InitializeService', {});
  const runExport = async (s3Bucket: string) => {
    const { exportTask } = await api.mgn('StartExport', { s3Bucket, s3Key: 'out/all.csv' });
    const exportID = exportTask?.exportID ?? '';
    const ask = async () => (await api.mgn('ListExports', { filters: { exportIDs: [exportID] } })).items?.[0];
    const ended = await waitFor('the end of the export', ask, (task) => task?.endDateTime !== undefined);
    const { items = [] } = await api.mgn('ListExportErrors', { exportID });
    return { status: ended?.status, reason: items[0]?.errorData?.rawError };
  };
  return { server, plane, api, bucket: server.buckets.get('migrations'), runExport };
}

test('an inventory is read from its bucket at the endpoint, and written to one', async (t) => {
  const { api, bucket, runExport } = await start(t);
  bucket?.set('in/wave 1.csv', Buffer.from(INVENTORY));
  const s3BucketSource = { s3Bucket: 'migrations', s3Key: 'in/wave 1.csv' };
  const { importTask } = await api.mgn('StartImport', { s3BucketSource });
  const filters = { importIDs: [importTask?.importID ?? ''] };
  const ask = async () => (await api.mgn('ListImports', { filters })).items?.[0];
  const ended = await waitFor('the end of the import', ask, (task) => task?.endDateTime !== undefined);
  assert.deepEqual([ended?.status, ended?.summary?.servers?.createdCount], ['SUCCEEDED', 1]);
  assert.deepEqual(await runExport('migrations'), { status: 'SUCCEEDED', reason: undefined });
  assert.match(String(bucket?.get('out/all.csv')), /web-1\.example\.org/);

  const file = { bucketName: 'migrations', key: 'up.csv' };
  await api.landfall('PutInventoryFile', { ...file, content: INVENTORY });
  assert.equal(String(bucket?.get('up.csv')), INVENTORY);
  assert.equal((await api.landfall('GetInventoryFile', file)).content, INVENTORY);
});

test('what the endpoint refuses fails the call or the task with its reason and what to do', async (t) => {
  const { api, server, runExport } = await start(t);
  const importFrom = (s3Bucket: string) =>
    api.mgn('StartImport', { s3BucketSource: { s3Bucket, s3Key: 'in.csv' } });
  await assert.rejects(importFrom('migrations'), { name: 'ResourceNotFoundException' });
  await assert.rejects(importFrom('elsewhere'), {
    ...{ name: 'ValidationException', message: /^OBJECT_BUCKET_MISSING: .*elsewhere.*make the bucket/ },
  });
  const missing = await runExport('elsewhere');
  assert.equal(missing.status, 'FAILED');
  assert.match(missing.reason ?? '', /^OBJECT_BUCKET_MISSING: .*elsewhere\/out\/all\.csv.*\(make the bucket/);
  server.faults.push({ kind: 'error', status: 403, code: 'AccessDenied' });
  const denied = await runExport('migrations');
  assert.match(denied.reason ?? '', /^OBJECT_ACCESS_DENIED: .*s3:PutObject/);
});

test('an endpoint that gives no answer is told as a failure that may pass, and nothing hangs', async (t) => {
  const { api, server, runExport } = await start(t);
  const silent = () => server.faults.push(...Array.from({ length: 3 }, () => ({ kind: 'silence' }) as const));
  silent();
  const put = api.landfall('PutInventoryFile', { bucketName: 'migrations', key: 'k.csv', content: 'x' });
  await assert.rejects(put, {
    ...{ name: 'ServiceUnavailableException', status: 503, message: /^OBJECT_STORE_UNAVAILABLE: / },
  });
  silent();
  const failed = await runExport('migrations');
  assert.equal(failed.status, 'FAILED');
  assert.match(failed.reason ?? '', /^OBJECT_STORE_UNAVAILABLE: .*check that the address/);
});

test('a control plane that stops waits for no endpoint, and goes on with the import after its next start', async (t) => {
  const { api, plane, server, bucket } = await start(t);
  bucket?.set('in.csv', Buffer.from(INVENTORY));
  server.requests.length = 0;
  const s3BucketSource = { s3Bucket: 'migrations', s3Key: 'in.csv' };
  // It is read once when it is asked for; the task itself reads it again.
  server.faults.push(undefined, { kind: 'silence' });
  const { importTask } = await api.mgn('StartImport', { s3BucketSource });
  await waitFor(
    'the task to read',
    () => server.requests.length,
    (reads) => reads === 2,
  );
  const startedMs = performance.now();
  await plane.restart();
  assert.ok(performance.now() - startedMs < 15_000, 'it does not wait for the deadline of the call');
  const filters = { importIDs: [importTask?.importID ?? ''] };
  const ask = async () => (await api.mgn('ListImports', { filters })).items?.[0];
  const ended = await waitFor('the end of the import', ask, (task) => task?.endDateTime !== undefined);
  assert.deepEqual([ended?.status, ended?.summary?.servers?.createdCount], ['SUCCEEDED', 1]);
});
