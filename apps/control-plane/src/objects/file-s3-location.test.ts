import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../testing/test-control-plane.ts';
import { type S3Options, s3Location } from './file-s3-location.ts';

const ENDPOINT = 'https://s3.example.org:9000';

test('the key comes from a file that is its owner’s alone, or from a variable', async (t) => {
  const path = join(await temporaryFolder(t), 'key');
  await writeFile(path, 'AKID:sec/ret+:x\n', { mode: 0o600 });
  process.env.LANDFALL_TEST_S3_KEY = 'AKID secret';
  t.after(() => delete process.env.LANDFALL_TEST_S3_KEY);
  const buckets = ['inventory', 'other'];
  const common = { endpoint: ENDPOINT, accessKeyId: 'AKID', pathStyle: true, region: 'us-east-1', buckets };
  assert.deepEqual(await s3Location({ endpoint: ENDPOINT, buckets, key: `file:${path}` }), {
    ...{ ...common, secretAccessKey: 'sec/ret+:x' },
  });
  const named = {
    endpoint: ENDPOINT,
    buckets,
    key: 'env:LANDFALL_TEST_S3_KEY',
    region: 'eu-1',
    virtualHosts: true,
  };
  assert.deepEqual(await s3Location(named), {
    ...{ ...common, secretAccessKey: 'secret', region: 'eu-1', pathStyle: false },
  });
  assert.equal(await s3Location({}), undefined);
  for (const mode of [0o640, 0o604, 0o660]) {
    await chmod(path, mode);
    await assert.rejects(s3Location({ endpoint: ENDPOINT, buckets, key: `file:${path}` }), {
      ...{ code: 'OPTION_INVALID', hint: `chmod 600 ${path}` },
    });
  }
});

test('what is wrong with the options is told, and no key is repeated', async (t) => {
  const path = join(await temporaryFolder(t), 'key');
  await writeFile(path, 'onlyonehalf', { mode: 0o600 });
  const buckets = ['inventory'];
  const key = 'env:LANDFALL_TEST_S3_KEY';
  process.env.LANDFALL_TEST_S3_KEY = 'AKID secret';
  t.after(() => delete process.env.LANDFALL_TEST_S3_KEY);
  const faults: readonly S3Options[] = [
    { key: `file:${path}` },
    { virtualHosts: true },
    { buckets },
    { endpoint: ENDPOINT, buckets },
    { endpoint: ENDPOINT, key, buckets: ['..'] },
    { endpoint: ENDPOINT, key, buckets: [] },
    { endpoint: 's3.example.org', key: `file:${path}` },
    { endpoint: 'ftp://s3.example.org', key: `file:${path}` },
    { endpoint: 'https://user:hunter2@s3.example.org', key: `file:${path}` },
    { endpoint: `${ENDPOINT}?x=hunter2`, key: `file:${path}` },
    { endpoint: ENDPOINT, buckets, key: `file:${path}` },
    { endpoint: ENDPOINT, buckets, key: 'file:/nowhere/at/all' },
    { endpoint: ENDPOINT, buckets, key: 'env:LANDFALL_NOT_SET' },
    { endpoint: ENDPOINT, buckets, key: 'hunter2' },
    { endpoint: ENDPOINT, buckets, key: `file:${path}`, region: 'EU WEST' },
  ];
  for (const options of faults) {
    const check = ({ code, message, hint }: { code: string; message: string; hint: string }) => {
      assert.equal(code, 'OPTION_INVALID');
      assert.ok(!/hunter2|onlyonehalf/.test(`${message}${hint}`), message);
      return true;
    };
    await assert.rejects(s3Location(options), check);
  }
});
