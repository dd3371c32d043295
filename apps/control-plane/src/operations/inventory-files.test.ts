import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { waitFor } from '../testing/wait-for.ts';

const CONTENT = '\ufeffmgn:wave:name,mgn:app:name\r\n첫째,"Shop, ""web"""\r\n';

async function startEmpty(t: test.TestContext) {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  return plane;
}

test('a file that is put is imported, and what is exported is fetched', async (t) => {
  const { api } = await startEmpty(t);
  const key = 'uploads/in.csv';
  const put = await api.landfall('PutInventoryFile', { key, content: CONTENT });
  assert.deepEqual(put, { bucketName: 'inventory', key, sizeBytes: Buffer.byteLength(CONTENT) });
  const fetched = await api.landfall('GetInventoryFile', { key });
  assert.deepEqual(fetched, { ...put, content: CONTENT });

  const { importTask } = await api.mgn('StartImport', {
    s3BucketSource: { s3Bucket: 'inventory', s3Key: key },
  });
  const importIDs = [importTask?.importID ?? ''];
  const askImport = async () => (await api.mgn('ListImports', { filters: { importIDs } })).items?.[0];
  const imported = await waitFor('the import', askImport, (task) => task?.endDateTime !== undefined);
  assert.equal(imported?.status, 'SUCCEEDED');

  await api.mgn('StartExport', { s3Bucket: 'out', s3Key: 'all.csv' });
  const askExport = async () => (await api.mgn('ListExports', {})).items?.[0];
  const exported = await waitFor('the export', askExport, (task) => task?.endDateTime !== undefined);
  assert.equal(exported?.status, 'SUCCEEDED');
  const { content } = await api.landfall('GetInventoryFile', { bucketName: 'out', key: 'all.csv' });
  assert.match(content, /첫째.*"Shop, ""web"""/);
});

test('a file of the same name is replaced; one that is not there is not found', async (t) => {
  const { api } = await startEmpty(t);
  const key = 'in.csv';
  await api.landfall('PutInventoryFile', { bucketName: 'b', key, content: 'one' });
  await api.landfall('PutInventoryFile', { bucketName: 'b', key, content: 'two' });
  assert.equal((await api.landfall('GetInventoryFile', { bucketName: 'b', key })).content, 'two');
  await assert.rejects(api.landfall('GetInventoryFile', { key }), { name: 'ResourceNotFoundException' });
});

test('no key leads out of its bucket, and none is empty, too long or of another kind', async (t) => {
  const { api } = await startEmpty(t);
  const long = `${'x'.repeat(252)}.csv`;
  const unstorable = `${'x'.repeat(249)}.csv`;
  for (const key of ['../a.csv', '/a.csv', 'a//b.csv', 'a/../b.csv', '.csv', 'a.txt', '', long]) {
    await assert.rejects(api.landfall('PutInventoryFile', { key, content: 'x' }), {
      name: 'ValidationException',
    });
    await assert.rejects(api.landfall('GetInventoryFile', { key }), { name: 'ValidationException' });
  }
  await assert.rejects(api.landfall('PutInventoryFile', { key: unstorable, content: 'x' }), {
    name: 'ValidationException',
  });
  for (const bucketName of ['..', '.', 'a/b', '']) {
    const input = { bucketName, key: 'a.csv', content: 'x' };
    await assert.rejects(api.landfall('PutInventoryFile', input), { name: 'ValidationException' });
  }
  await assert.rejects(api.landfall('PutInventoryFile', { key: 'a.csv', content: '' }), {
    name: 'ValidationException',
  });
});

test('what is in the way is a conflict; what is no text is refused, and nothing of this machine told', async (t) => {
  const { api, stateDir } = await startEmpty(t);
  const bucket = join(stateDir, 'buckets', 'inventory');
  await mkdir(join(bucket, 'folder.csv', 'full'), { recursive: true });
  await writeFile(join(bucket, 'file.csv'), 'x');
  await writeFile(join(bucket, 'korean.csv'), Buffer.from([0x61, 0x2c, 0xbc, 0xf6]));
  for (const key of ['folder.csv', 'file.csv/below.csv']) {
    const refused = api.landfall('PutInventoryFile', { key, content: 'x' });
    await assert.rejects(refused, (error: Error) => {
      assert.equal(error.name, 'ConflictException');
      assert.ok(!error.message.includes(stateDir));
      return true;
    });
  }
  await assert.rejects(api.landfall('GetInventoryFile', { key: 'korean.csv' }), {
    name: 'ValidationException',
    message: /column 2 is not UTF-8/,
  });
});
