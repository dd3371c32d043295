import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectPlain, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { connect as connectAnyTls } from 'node:tls';
import {
  createDial,
  createLogger,
  type Logger,
  OperationError,
  parseProxy,
  runChecked,
  silentLogger,
  systemClock,
} from '@landfall/runtime';
import { startTestProxy } from '@landfall/runtime/testing';
import type { Link, LinkPeer } from './link.ts';
import type { Message } from './messages.ts';
import { connectTls } from './tls-link.ts';
import { type LinkListener, listenTls } from './tls-listener.ts';

interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const HOST = '127.0.0.1';
const SERVER_ID = 'rs-1';
let folder = '';
let server: Credentials;
let agent: Credentials;
let stranger: Credentials;
let notServer: Credentials;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-tls-'));
  await createAuthority('ca');
  await createAuthority('other-ca');
  server = await issue('ca', 'server', `/OU=replication-server/CN=${SERVER_ID}`);
  agent = await issue('ca', 'agent', '/OU=agent/CN=s-1');
  stranger = await issue('other-ca', 'stranger', '/OU=agent/CN=s-1');
  notServer = await issue('ca', 'impostor', `/OU=agent/CN=${SERVER_ID}`);
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function createAuthority(name: string): Promise<void> {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key];
  await runChecked([
    'openssl',
    'req',
    '-x509',
    ...newKey,
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
    '-out',
    certificate,
  ]);
}

async function issue(authority: string, name: string, subject: string): Promise<Credentials> {
  const path = (suffix: string) => join(folder, `${name}${suffix}`);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path('.key')];
  await runChecked(['openssl', 'req', '-new', ...newKey, '-subj', subject, '-out', path('.csr')]);
  const ca = [
    '-CA',
    join(folder, `${authority}.pem`),
    '-CAkey',
    join(folder, `${authority}.key`),
    '-CAcreateserial',
  ];
  await writeFile(path('.ext'), 'basicConstraints=CA:FALSE\n');
  const request = ['-req', '-in', path('.csr'), '-days', '2', '-extfile', path('.ext'), '-out', path('.pem')];
  await runChecked(['openssl', 'x509', ...request, ...ca]);
  const read = (file: string) => readFile(file, 'utf8');
  return {
    ca: await read(join(folder, `${authority}.pem`)),
    cert: await read(path('.pem')),
    key: await read(path('.key')),
  };
}

interface Listening {
  readonly listener: LinkListener;
  readonly links: { readonly link: Link; readonly peer: LinkPeer }[];
}

async function listen(
  context: TestContext,
  credentials: Credentials,
  logger: Logger = silentLogger,
  handshakeMs?: number,
): Promise<Listening> {
  const links: Listening['links'] = [];
  const onLink = (link: Link, peer: LinkPeer) => {
    links.push({ link, peer });
    echo(link).catch((error: unknown) => link.destroy(error as Error));
  };
  const limit = handshakeMs === undefined ? {} : { handshakeMs };
  const listener = await listenTls({ ...credentials, host: HOST, port: 0, onLink, logger, ...limit });
  context.after(() => listener.close());
  return { listener, links };
}

async function echo(link: Link): Promise<void> {
  for await (const message of link.messages()) await link.send(message);
  await link.close();
}

function dial(port: number, credentials: Credentials, serverName = SERVER_ID): Promise<Link> {
  return connectTls({ ...credentials, host: HOST, port, serverName, timeoutMs: 5000 });
}

async function firstMessage(link: Link): Promise<Message | undefined> {
  for await (const message of link.messages()) return message;
  return undefined;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const [outcome] = await Promise.allSettled([promise]);
  assert.ok(outcome.status === 'rejected', 'it was expected to fail');
  assert.ok(outcome.reason instanceof OperationError, String(outcome.reason));
  return outcome.reason.code;
}

test('two ends of one authority talk, and the server knows who the agent is', async (context) => {
  const { listener, links } = await listen(context, server);
  const link = await dial(listener.port, agent);
  await link.send({ type: 'PING', token: 5 });
  assert.deepEqual(await firstMessage(link), { type: 'PING', token: 5 });
  const peer = links[0]?.peer;
  assert.equal(peer?.programId, 's-1');
  assert.equal(peer.role, 'agent');
  const { stdout } = await runChecked([
    ...['openssl', 'x509', '-in', join(folder, 'agent.pem'), '-noout', '-fingerprint', '-sha256'],
  ]);
  assert.equal(peer.fingerprint, stdout.trim().split('=')[1]?.replaceAll(':', '').toLowerCase());
  link.destroy();
});

test('an agent of another authority is refused, and the log says why', async (context) => {
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const { listener, links } = await listen(context, server, logger);
  const link = await dial(listener.port, { ...stranger, ca: server.ca });
  assert.equal(await firstMessage(link), undefined);
  assert.equal(links.length, 0);
  assert.match(lines.join(''), /UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/);
});

test('a client without a certificate is refused', async (context) => {
  const { listener, links } = await listen(context, server);
  const socket = connectAnyTls({
    host: HOST,
    port: listener.port,
    ca: server.ca,
    checkServerIdentity: () => undefined,
  });
  const reason = await new Promise<string>((resolve) => {
    socket.on('error', (error) => resolve(error.message));
    socket.on('end', () => resolve('end'));
  });
  assert.match(reason, /certificate required/);
  assert.equal(links.length, 0);
});

test('TLS 1.2 is refused', async (context) => {
  const { listener, links } = await listen(context, server);
  const socket = connectAnyTls({ host: HOST, port: listener.port, ...agent, maxVersion: 'TLSv1.2' });
  const reason = await new Promise<string>((resolve) =>
    socket.on('error', (error) => resolve(error.message)),
  );
  assert.match(reason, /protocol version/);
  assert.equal(links.length, 0);
});

test('an agent refuses a server of another authority, another id or another role', async (context) => {
  const strange = await listen(context, stranger);
  assert.equal(await codeOf(dial(strange.listener.port, agent)), 'PEER_UNTRUSTED');
  const other = await listen(context, server);
  assert.equal(await codeOf(dial(other.listener.port, agent, 'rs-2')), 'PEER_UNTRUSTED');
  const impostor = await listen(context, notServer);
  assert.equal(await codeOf(dial(impostor.listener.port, agent)), 'PEER_UNTRUSTED');
});

test('whatever else knocks is turned away and logged once', async (context) => {
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const { listener, links } = await listen(context, server, logger);
  for (let knock = 0; knock < 20; knock += 1) {
    const socket = connectPlain({ host: HOST, port: listener.port });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.write('GET / HTTP/1.1\r\nHost: replication\r\n\r\n');
    await closed;
  }
  assert.equal(links.length, 0);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /connection-refused/);
});

test('who says nothing loses its place, so that the mute do not keep everybody else out', async (context) => {
  const lines: string[] = [];
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  const { listener, links } = await listen(context, server, logger, 100);
  const mute = Array.from({ length: 5 }, () => connectPlain({ host: HOST, port: listener.port }));
  context.after(() => {
    for (const socket of mute) socket.destroy();
  });
  await Promise.all(
    mute.map((socket) => {
      socket.on('error', () => socket.destroy()).resume();
      return once(socket, 'close', { signal: AbortSignal.timeout(10_000) });
    }),
  );
  assert.equal(links.length, 0);
  assert.equal(lines.length, 1);
  const link = await dial(listener.port, agent);
  await link.close();
});

test('a listener that is closed does not wait for the mute', async (context) => {
  const { listener } = await listen(context, server, silentLogger, 600_000);
  const mute = connectPlain({ host: HOST, port: listener.port });
  mute.on('error', () => mute.destroy()).resume();
  await once(mute, 'connect');
  await Promise.all([listener.close(), once(mute, 'close')]);
});

test('a port that is taken says so and what to do', async (context) => {
  const { listener } = await listen(context, server);
  const again = listenTls({ ...server, host: HOST, port: listener.port, onLink: () => undefined });
  const [outcome] = await Promise.allSettled([again]);
  assert.ok(outcome.status === 'rejected' && outcome.reason instanceof OperationError);
  assert.equal(outcome.reason.code, 'PORT_IN_USE');
  assert.match(outcome.reason.hint ?? '', /ss -ltnp/);
});

test('nobody there, or somebody who never answers, is said so', async () => {
  const mute = createServer();
  await new Promise<void>((resolve) => mute.listen(0, HOST, resolve));
  const address = mute.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { port } = address;
  const sockets: { destroy(): void }[] = [];
  mute.on('connection', (socket) => sockets.push(socket));
  const waiting = connectTls({ ...agent, host: HOST, port, serverName: SERVER_ID, timeoutMs: 50 });
  assert.equal(await codeOf(waiting), 'CONNECT_TIMED_OUT');
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => mute.close(resolve));
  assert.equal(await codeOf(dial(port, agent)), 'CONNECT_FAILED');
});

test('a server that goes away in the middle is a lost link', async (context) => {
  const { listener } = await listen(context, server);
  const link = await dial(listener.port, agent);
  await link.send({ type: 'PING', token: 1 });
  const messages = link.messages()[Symbol.asyncIterator]();
  await messages.next();
  await listener.close();
  const [outcome] = await Promise.allSettled([messages.next()]);
  const ended = outcome.status === 'fulfilled' && outcome.value.done === true;
  assert.ok(ended || outcome.status === 'rejected');
});

test('through a proxy: certificates, messages and ends are as without; its faults have their own codes', async (context) => {
  const host = 'replication-server.landfall.invalid';
  const proxy = await startTestProxy({ hosts: { [host]: HOST } });
  context.after(() => proxy.close());
  const dialProxy = createDial(async () => parseProxy(proxy.url));
  const { listener, links } = await listen(context, server);
  const through = (changes: { serverName?: string; signal?: AbortSignal; timeoutMs?: number } = {}) =>
    connectTls({
      ...agent,
      host,
      port: listener.port,
      serverName: SERVER_ID,
      timeoutMs: 5000,
      dial: dialProxy,
      ...changes,
    });
  const link = await through();
  await link.send({ type: 'PING', token: 7 });
  const messages = link.messages()[Symbol.asyncIterator]();
  assert.deepEqual((await messages.next()).value, { type: 'PING', token: 7 });
  assert.equal(links[0]?.peer.programId, 's-1');
  for (const socket of proxy.open) socket.destroy();
  const [outcome] = await Promise.allSettled([messages.next()]);
  assert.ok(outcome.status === 'rejected' || outcome.value.done === true, 'the link is lost with the proxy');
  assert.equal(await codeOf(through({ serverName: 'rs-2' })), 'PEER_UNTRUSTED');
  const clean = await through();
  await clean.close();
  proxy.misbehave((socket) => void socket.resume());
  assert.equal(await codeOf(through({ timeoutMs: 50 })), 'PROXY_TIMED_OUT');
  await assert.rejects(through({ signal: AbortSignal.abort(new Error('stop')) }), /stop/);
  const deadline = AbortSignal.timeout(10_000);
  while (proxy.open.size > 0) await systemClock.sleep(5, deadline);
  await proxy.close();
  assert.equal(await codeOf(through()), 'PROXY_UNREACHABLE');
});

test('a proxy that opens a way and then is mute costs the time of a handshake', async (context) => {
  const proxy = await startTestProxy({ hosts: {} });
  context.after(() => proxy.close());
  proxy.misbehave((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    socket.resume();
  });
  const options = { ...agent, host: 'x.invalid', port: 1, serverName: SERVER_ID, timeoutMs: 300 };
  const mute = connectTls({ ...options, dial: createDial(async () => parseProxy(proxy.url)) });
  assert.equal(await codeOf(mute), 'CONNECT_TIMED_OUT');
  const deadline = AbortSignal.timeout(10_000);
  while (proxy.open.size > 0) await systemClock.sleep(5, deadline);
});
