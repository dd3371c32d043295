import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import { startTestControlPlane, temporaryFolder } from '../testing/test-control-plane.ts';
import { listConsolePages } from './file-console-pages.ts';
import { createApp } from './http-server.ts';

const SCRIPT = 'console.log("서버");';

async function builtConsole(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  await writeFile(join(folder, '.sources'), 'secret of the builder');
  await writeFile(join(folder, 'assets/main-abc.js'), SCRIPT);
  await writeFile(join(folder, 'assets/main-abc.js.br'), brotliCompressSync(SCRIPT));
  await writeFile(join(folder, 'assets/main-abc.js.gz'), gzipSync(SCRIPT));
  return folder;
}

async function startApp(t: TestContext, isBuilt = true) {
  const plane = await startTestControlPlane(t);
  const { service } = plane.current();
  const consolePages = isBuilt ? await listConsolePages(await builtConsole(t)) : undefined;
  const closing = new AbortController().signal;
  const app = await createApp({ service, agentBinary: undefined, closing, consolePages });
  t.after(() => app.close());
  return app;
}

test('pages and what they load come with a strict policy, hashed files for good', async (t) => {
  const app = await startApp(t);
  const page = await app.inject({ url: '/console/' });
  assert.equal(page.statusCode, 200);
  assert.equal(page.headers['cache-control'], 'no-cache');
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /default-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  assert.equal(page.headers['referrer-policy'], 'no-referrer');
  assert.equal(page.headers['set-cookie'], undefined);
  const script = await app.inject({ url: '/console/assets/main-abc.js' });
  assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(script.body, SCRIPT);
});

test('what was compressed is sent compressed to who accepts it', async (t) => {
  const app = await startApp(t);
  const ask = (accepted: string) =>
    app.inject({ url: '/console/assets/main-abc.js', headers: { 'accept-encoding': accepted } });
  const best = await ask('gzip, deflate, br');
  assert.equal(best.headers['content-encoding'], 'br');
  assert.equal(brotliDecompressSync(best.rawPayload).toString(), SCRIPT);
  assert.equal((await ask('gzip')).headers['content-encoding'], 'gzip');
  assert.equal((await ask('br;q=0, gzip;q=0.5')).headers['content-encoding'], 'gzip');
  assert.equal((await ask('identity')).headers['content-encoding'], undefined);
});

test('addresses inside the console are its page; missing assets, other files and ways out are not', async (t) => {
  const app = await startApp(t);
  assert.equal((await app.inject({ url: '/console/servers/s-0123456789abcdef0' })).body, '<!doctype html>');
  assert.equal((await app.inject({ url: '/console/assets/gone.js' })).statusCode, 404);
  for (const url of ['/console/.sources', '/console/..%2f..%2fetc%2fpasswd', '/console/%2e%2e/state']) {
    const { statusCode, body } = await app.inject({ url });
    assert.ok(statusCode === 404 || body === '<!doctype html>' || body.startsWith('{'), `${url}: ${body}`);
    assert.ok(!body.includes('secret of the builder') && !body.includes('root:'), url);
  }
});

test('a browser at the root is led to the console, a client of STS is not', async (t) => {
  const app = await startApp(t);
  const browser = await app.inject({ url: '/', headers: { accept: 'text/html,*/*' } });
  assert.equal(browser.statusCode, 302);
  assert.equal(browser.headers.location, '/console/');
  const client = await app.inject({ url: '/', headers: { accept: 'application/json' } });
  assert.equal(client.statusCode, 403);
});

test('a control plane without a console says so, and one that was not built is refused', async (t) => {
  const app = await startApp(t, false);
  const { statusCode, body } = await app.inject({ url: '/console/' });
  assert.equal(statusCode, 404);
  assert.match(body, /serves no console/);
  await assert.rejects(listConsolePages(await temporaryFolder(t)), { code: 'CONSOLE_NOT_BUILT' });
});
