import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { connect } from 'node:tls';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createApiClient, signRequest } from '@landfall/api';
import { run, silentLogger, systemClock, systemRandom } from '@landfall/runtime';
import { startControlPlane } from '../control-plane.ts';
import { loadServerCertificate } from '../identity/file-authority.ts';
import { cleanUpAfter } from '../testing/clean-up.ts';
import {
  startTestControlPlane,
  type TestControlPlane,
  temporaryFolder,
} from '../testing/test-control-plane.ts';
import { waitFor } from '../testing/wait-for.ts';
import { closeListener, createApp, listen } from './http-server.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function send(
  plane: TestControlPlane,
  options: { method: string; path: string; headers?: Readonly<Record<string, string>> },
  body = '',
): Promise<Answer> {
  const { method, path, headers = {} } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: plane.port, ca: plane.caPem, method, path, headers, agent: false },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function signed(
  plane: TestControlPlane,
  { method = 'POST', path, body = '{}', service = 'mgn', region = 'us-east-1' }: Record<string, string>,
): Promise<Answer> {
  const headers = { host: `127.0.0.1:${plane.port}`, 'content-type': 'application/json' };
  const parts = { method, rawPath: path ?? '/', rawQuery: '', headers, body };
  const scope = { service, region, nowMs: systemClock.nowMs() };
  const signature = signRequest(parts, plane.admin, scope);
  return send(plane, { method, path: path ?? '/', headers: { ...headers, ...signature } }, body);
}

test('an answer is the API’s own JSON with a request id, whatever was asked', async (t) => {
  const plane = await startTestControlPlane(t);
  const cases: readonly [string, Promise<Answer>, number, string][] = [
    [
      'no signature',
      send(plane, { method: 'POST', path: '/DescribeJobs' }),
      403,
      'MissingAuthenticationTokenException',
    ],
    [
      'no such path',
      send(plane, { method: 'GET', path: '/nothing/here' }),
      403,
      'MissingAuthenticationTokenException',
    ],
    ['a damaged path', send(plane, { method: 'GET', path: '/%ZZ' }), 400, 'ValidationException'],
    ['unknown operation', signed(plane, { path: '/LaunchRocket' }), 400, 'ValidationException'],
    ['not initialized', signed(plane, { path: '/DescribeJobs' }), 400, 'UninitializedAccountException'],
    [
      'another service',
      signed(plane, { path: '/DescribeJobs', service: 's3' }),
      403,
      'AccessDeniedException',
    ],
    [
      'another region',
      signed(plane, { path: '/DescribeJobs', region: 'eu-west-1' }),
      403,
      'InvalidSignatureException',
    ],
    ['no JSON', signed(plane, { path: '/DescribeJobs', body: '{"a"' }), 400, 'ValidationException'],
    ['not an object', signed(plane, { path: '/DescribeJobs', body: '[1]' }), 400, 'ValidationException'],
  ];
  for (const [what, answering, status, name] of cases) {
    const answer = await answering;
    assert.equal(answer.status, status, what);
    assert.equal(answer.headers['x-amzn-errortype'], name, what);
    assert.match(String(answer.headers['x-amzn-requestid']), /^[0-9a-f-]{36}$/, what);
    assert.match(String(answer.headers['content-type']), /^application\/json/, what);
    const body = JSON.parse(answer.text);
    assert.equal(body.code, name, what);
    assert.ok(body.message.length > 10 && !/\bat .*\.ts/.test(answer.text), what);
  }
});

test('a body over a mebibyte is refused, on the channel before a stranger can send it', async (t) => {
  const plane = await startTestControlPlane(t);
  const large = JSON.stringify({ padding: 'x'.repeat(1024 * 1024) });
  const answer = await signed(plane, { path: '/DescribeJobs', body: large });
  assert.equal(answer.headers['x-amzn-errortype'], 'ValidationException');
  const enrolment = await send(plane, { method: 'POST', path: '/channel/enrol' }, large);
  assert.equal(enrolment.status, 413);
  assert.equal(JSON.parse(enrolment.text).error.code, 'BODY_TOO_LARGE');
  const report = await send(plane, { method: 'POST', path: '/channel/report' }, '{}');
  assert.equal(report.status, 401);
  assert.equal(JSON.parse(report.text).error.code, 'CERTIFICATE_REQUIRED');
});

test('routes answer without a network too', async (t) => {
  const plane = await startTestControlPlane(t);
  const app = await createApp({
    service: plane.current().service,
    agentBinary: undefined,
    closing: new AbortController().signal,
  });
  t.after(() => app.close());
  assert.equal((await app.inject('/healthz')).json().status, 'ok');
  assert.equal((await app.inject('/ca.pem')).body, plane.caPem);
  const missing = await app.inject('/agent/landfall-agent-linux-x64.gz');
  assert.equal(missing.statusCode, 404);
  assert.match(missing.json().error.hint, /--agent-binary/);
  const bad = await app.inject({ method: 'POST', url: '/channel/enrol', payload: '{"role":"king"}' });
  assert.equal(bad.statusCode, 400);
  assert.match(bad.json().error.message, /^role of the enrolment request/);
});

test('curl checks the pin of the install command, and the installer names what is missing', async (t) => {
  const folder = await temporaryFolder(t);
  const agentBinary = join(folder, 'agent.gz');
  await writeFile(agentBinary, gzipSync('#!/bin/sh\necho agent "$@"\n'));
  const plane = await startTestControlPlane(t, { agentBinary });
  const { installCommand, token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const [, pin = '', url = ''] =
    /^curl -fsSk --pinnedpubkey '([^']+)' (\S+) \| sh -s -- --token (\S+)$/.exec(installCommand) ?? [];
  assert.ok(installCommand.endsWith(token));
  const fetched = await run(['curl', '-fsSk', '--pinnedpubkey', pin, url]);
  assert.equal(fetched.exitCode, 0, fetched.stderr);
  assert.equal((await run(['sh', '-n'], { input: fetched.stdout })).exitCode, 0);
  const otherPin = `sha256//${Buffer.alloc(32).toString('base64')}`;
  assert.equal((await run(['curl', '-fsSk', '--pinnedpubkey', otherPin, url])).exitCode, 90);
  const arm = fetched.stdout.replace('"$(uname -m)"', '"arm64"');
  const refused = await run(['sh', '-s', '--', '--token', token], { input: arm });
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /^landfall: the agent is built for x86_64/);
  const agent = await fetch200(plane, '/agent/landfall-agent-linux-x64.gz');
  assert.match(gunzipSync(agent).toString(), /echo agent/);
});

async function fetch200(plane: TestControlPlane, path: string): Promise<Buffer> {
  const folder = join(plane.stateDir, 'fetched');
  const fetched = await run(['curl', '-fsS', '--cacert', plane.admin.caFile, '-o', folder, plane.url + path]);
  assert.equal(fetched.exitCode, 0, fetched.stderr);
  const { readFile } = await import('node:fs/promises');
  return readFile(folder);
}

test('a taken port is told with what to do', async (t) => {
  const plane = await startTestControlPlane(t);
  const stateDir = await temporaryFolder(t);
  const options = { stateDir, listen: '127.0.0.1', addresses: ['127.0.0.1'], region: 'us-east-1' };
  await assert.rejects(startControlPlane({ ...options, port: plane.port, log: silentLogger }), {
    code: 'PORT_IN_USE',
    hint: /ss -ltnp/,
  });
});

test('H2: a client that sends its request too slowly is cut off', async (t) => {
  const plane = await startTestControlPlane(t);
  const files = { stateDir: plane.stateDir, clock: systemClock, random: systemRandom };
  const { authority } = plane.current().service;
  const certificate = await loadServerCertificate(files, authority, ['127.0.0.1']);
  const slowness = { headersMsMax: 200, requestMsMax: 300, checkEveryMs: 50 };
  const options = { ...certificate, caPem: plane.caPem, host: '127.0.0.1', port: 0, slowness };
  const listener = await listen(options);
  cleanUpAfter(t, () => closeListener(listener));
  listener.answerWith((incoming) => void incoming.resume());
  const socket = connect({ port: listener.port, host: '127.0.0.1', ca: plane.caPem });
  const answer = new Promise<string>((resolve) => {
    socket.setEncoding('utf8').once('data', resolve);
  });
  socket.write('POST /DescribeJobs HTTP/1.1\r\nhost: a\r\n');
  assert.match(await answer, /^HTTP\/1.1 408/);
  socket.destroy();
});

test('H3: a request that comes before the routes are there is answered once they are', async (t) => {
  const plane = await startTestControlPlane(t);
  const files = { stateDir: plane.stateDir, clock: systemClock, random: systemRandom };
  const { service } = plane.current();
  const certificate = await loadServerCertificate(files, service.authority, ['127.0.0.1']);
  const listener = await listen({ ...certificate, caPem: plane.caPem, host: '127.0.0.1', port: 0 });
  cleanUpAfter(t, () => closeListener(listener));
  const came = once(listener.server, 'request');
  const answer = send({ ...plane, port: listener.port }, { method: 'GET', path: '/healthz' });
  await came;
  const { signal: closing } = new AbortController();
  const app = await createApp({ service, agentBinary: undefined, closing }, listener);
  cleanUpAfter(t, () => app.close());
  assert.equal((await answer).status, 200);
});

test('TLS older than 1.2 and a wrong key of the API are refused', async (t) => {
  const plane = await startTestControlPlane(t);
  const outcome = await new Promise((resolve) => {
    const socket = connect({
      port: plane.port,
      host: '127.0.0.1',
      ca: plane.caPem,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    socket.on('secureConnect', () => resolve('connected'));
    socket.on('error', () => resolve('refused'));
  });
  assert.equal(outcome, 'refused');
  const { endpoint, region, accessKeyId } = plane.admin;
  const credentials = { accessKeyId, secretAccessKey: 'wrong' };
  const client = createApiClient({ endpoint, region, caPem: plane.caPem, credentials });
  await assert.rejects(client.mgn('InitializeService', {}), { name: 'InvalidSignatureException' });
});

test('a listener closes at once, also while a handshake hangs and a connection is kept alive', async (t) => {
  const plane = await startTestControlPlane(t);
  const files = { stateDir: plane.stateDir, clock: systemClock, random: systemRandom };
  const certificate = await loadServerCertificate(files, plane.current().service.authority, ['127.0.0.1']);
  const listener = await listen({ ...certificate, caPem: plane.caPem, host: '127.0.0.1', port: 0 });
  const place = { host: '127.0.0.1', port: listener.port };
  const silent = connectTcp(place);
  const idle = connect({ ...place, ca: plane.caPem });
  await Promise.all([once(silent, 'connect'), once(idle, 'secureConnect')]);
  for (const socket of [silent, idle]) socket.on('error', () => socket.destroy());
  const accepted = () => [...listener.sockets].length;
  await waitFor('both are accepted', accepted, (count) => count === 2);
  await Promise.all([closeListener(listener), once(silent, 'close'), once(idle, 'close')]);
});
