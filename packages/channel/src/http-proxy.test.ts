/** The control plane behind an HTTP proxy: nothing else resolves its name. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { createDial, type Dial, parseProxy, silentLogger, systemClock } from '@landfall/runtime';
import { startTestProxy, type TestProxy } from '@landfall/runtime/testing';
import { preparePendingIdentity } from './file-identity.ts';
import { runChannel } from './http-channel.ts';
import { createHttpClient } from './http-client.ts';
import { enrol } from './http-enrol.ts';
import type { AgentReport } from './messages.ts';
import {
  CONTROL_PLANE_NAME,
  createTestControlPlane,
  type TestControlPlane,
} from './testing/test-control-plane.ts';

const POINT = { epoch: 1, cutTimeMs: 1, consistency: 'CRASH_CONSISTENT' } as const;
let plane: TestControlPlane;
let proxy: TestProxy;
let folder: string;
let dial: Dial;

before(async () => {
  plane = await createTestControlPlane();
  proxy = await startTestProxy({ credentials: 'jo:pw', hosts: { [CONTROL_PLANE_NAME]: '127.0.0.1' } });
  folder = await mkdtemp(join(tmpdir(), 'landfall-proxy-'));
  dial = createDial(async () => parseProxy(proxy.url));
});

afterEach(() => proxy.misbehave(undefined));

after(async () => {
  await plane.close();
  await proxy.close();
  await rm(folder, { recursive: true, force: true });
});

async function enrolled() {
  const pending = await preparePendingIdentity(folder, 'agent');
  const enrolment = await enrol({ ...pending, token: plane.tokenByName, version: '0', dial });
  return { ...pending, ...enrolment };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (!condition()) await systemClock.sleep(10, deadline);
}

test('without the proxy there is no way to this control plane', async () => {
  const pending = await preparePendingIdentity(folder, 'agent');
  await assert.rejects(enrol({ ...pending, token: plane.tokenByName, version: '0' }), {
    code: 'CONTROL_PLANE_UNREACHABLE',
  });
});

test('enrolment and channel go through it, the certificate is checked against the name', async () => {
  const identity = await enrolled();
  const stop = new AbortController();
  let applied = 0;
  const channel = runChannel({
    ...identity,
    dial,
    role: 'agent',
    report: async () => ({ version: '0' }) as AgentReport,
    applyConfiguration: async () => {
      applied += 1;
    },
    handlers: {
      takeRecoveryPoint: async () => POINT,
    },
    reportIntervalMs: 20,
    logger: silentLogger,
    signal: stop.signal,
  });
  assert.deepEqual(await plane.command(identity.programId, 'takeRecoveryPoint', {}), POINT);
  for (const socket of proxy.open) socket.destroy();
  const before = applied;
  await until(() => applied > before + 1);
  stop.abort();
  await channel.finished;
  await until(() => proxy.open.size === 0);
});

test('a proxy that leads elsewhere is noticed: TLS is from end to end', async () => {
  const identity = await enrolled();
  const other = await createTestControlPlane();
  const port = new URL(other.url).port;
  const misled: Dial = (target, options) => dial({ ...target, port: Number(port) }, options);
  const client = createHttpClient({ ...identity, dial: misled });
  await assert.rejects(client.post('/channel/report', {}, { timeoutMs: 10_000 }), {
    code: 'CONTROL_PLANE_UNTRUSTED',
  });
  client.close();
  await other.close();
});

test('what the proxy says is what the caller is told; a hanging one ends with the exchange', async () => {
  const identity = await enrolled();
  const client = createHttpClient({ ...identity, dial });
  proxy.misbehave((socket) => void socket.once('data', () => socket.end('HTTP/1.1 403 No\r\n\r\n')));
  await assert.rejects(client.getText('/ca.pem', { timeoutMs: 10_000 }), {
    code: 'PROXY_REFUSED',
    retryable: true,
  });
  proxy.misbehave((socket) => void socket.resume());
  await assert.rejects(client.getText('/ca.pem', { timeoutMs: 50 }), { code: 'CONTROL_PLANE_UNREACHABLE' });
  const stop = new AbortController();
  const asking = client.getText('/ca.pem', { timeoutMs: 60_000, signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(asking, /enough/);
  client.close();
  await until(() => proxy.open.size === 0);
});
