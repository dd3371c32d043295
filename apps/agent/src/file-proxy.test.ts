import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { configure } from './configure.ts';
import { chooseProxy, readProxy, writeProxy } from './file-proxy.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-agent-proxy-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a proxy is kept with its password, for root alone, and can be taken away', async () => {
  const proxy = await chooseProxy(folder, 'http://jo:pw@proxy:3128', { NO_PROXY: 'intern.example' });
  await writeProxy(folder, proxy);
  assert.equal((await stat(join(folder, 'proxy.json'))).mode & 0o777, 0o600);
  assert.deepEqual(await readProxy(folder), {
    host: 'proxy',
    port: 3128,
    user: 'jo',
    password: 'pw',
    exceptions: ['intern.example'],
  });
  await writeProxy(folder, await chooseProxy(folder, 'none', { HTTPS_PROXY: 'http://other:1' }));
  assert.equal(await readProxy(folder), undefined);
  await writeProxy(folder, undefined);
});

test('the command line comes before the environment, the environment before an earlier installation', async () => {
  await writeProxy(folder, await chooseProxy(folder, 'earlier:1', {}));
  assert.equal((await chooseProxy(folder, 'line:2', { HTTPS_PROXY: 'env:3' }))?.host, 'line');
  assert.equal((await chooseProxy(folder, undefined, { HTTPS_PROXY: 'env:3' }))?.host, 'env');
  assert.equal((await chooseProxy(folder, undefined, {}))?.host, 'earlier');
});

test('a damaged file is said so, without what it holds', async () => {
  for (const text of ['{"password":"s3cret"', '{"password":"s3cret"}', 's3cret']) {
    await writeFile(join(folder, 'proxy.json'), text);
    await assert.rejects(readProxy(folder), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'STATE_UNREADABLE');
      assert.ok(!`${error.message}${error.cause}`.includes('s3cret'));
      return true;
    });
  }
});

test('a change keeps the exceptions, unless NO_PROXY is set, and repairs a damaged file', async () => {
  await writeProxy(folder, await chooseProxy(folder, 'one:1', { NO_PROXY: 'a.example' }));
  assert.deepEqual((await chooseProxy(folder, 'two:2', {}))?.exceptions, ['a.example']);
  assert.deepEqual((await chooseProxy(folder, 'two:2', { no_proxy: '' }))?.exceptions, []);
  await writeFile(join(folder, 'proxy.json'), '{');
  assert.equal((await chooseProxy(folder, 'two:2', {}))?.host, 'two');
  await assert.rejects(chooseProxy(folder, undefined, {}), { code: 'STATE_UNREADABLE' });
});

test('what is not installed cannot be configured', async () => {
  const options = { stateFolder: folder, proxy: 'http://p:1', environment: {}, say: () => undefined };
  await assert.rejects(configure(options), { code: 'NOT_INSTALLED' });
  await assert.rejects(readFile(join(folder, 'proxy.json')), { code: 'ENOENT' });
});
