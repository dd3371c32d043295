/** Signs of life over real sockets: what answers, what only accepts, what is not there. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GUEST_AGENT_SOCKET, guestAgentAnswers } from '@landfall/launch';
import { httpAnswers } from './http-life.ts';
import { tcpAnswers } from './tcp-life.ts';

/** Long enough for any machine: nothing here waits for it but what has to. */
const PATIENT_MS = 20_000;
const IMPATIENT_MS = 1500;

async function listen(t: TestContext, server: Server, path?: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const target = (port: number, timeoutMs: number) => ({ host: '127.0.0.1', port, timeoutMs });

test('a service that speaks first, and one that speaks when it is spoken to, live', async (t) => {
  const ssh = createServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
  assert.equal(await tcpAnswers(target(await listen(t, ssh), PATIENT_MS)), 'it said: SSH-2.0-OpenSSH_9.2');
  const polite = createServer((socket) => socket.once('data', () => socket.write('400 what?\n')));
  assert.equal(await tcpAnswers(target(await listen(t, polite), PATIENT_MS)), 'it said: 400 what?');
});

test('an accepted connection alone is no sign of life', async (t) => {
  const silent = createServer(() => undefined);
  const port = await listen(t, silent);
  assert.equal(await tcpAnswers(target(port, IMPATIENT_MS)), undefined);
  assert.equal(await httpAnswers({ ...target(port, IMPATIENT_MS), path: '/' }), undefined);
  const closing = createServer((socket) => socket.end());
  assert.equal(await tcpAnswers(target(await listen(t, closing), PATIENT_MS)), undefined);
});

test('a web server lives when its answer is no error', async (t) => {
  const web = createWebServer((request, response) => {
    response.statusCode = request.url === '/health' ? 204 : 503;
    response.end();
  });
  const port = await listen(t, web);
  const ask = (path: string) => httpAnswers({ ...target(port, PATIENT_MS), path });
  assert.equal(await ask('/health'), '/health answers 204');
  assert.equal(await ask('/'), undefined);
  web.closeAllConnections();
});

test('a guest agent lives when it answers a ping, and not when there is none', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'qga-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  assert.equal(await guestAgentAnswers(folder, PATIENT_MS), false, 'no channel');
  let answer = '{"error": {"class": "GenericError", "desc": "half a line"}}\n{"return": {}}\n';
  const agent = createServer((socket) => {
    socket.once('data', (asked) => {
      assert.equal(asked.toString(), '{"execute":"guest-ping"}\n');
      socket.write(answer);
    });
  });
  await listen(t, agent, join(folder, GUEST_AGENT_SOCKET));
  assert.equal(await guestAgentAnswers(folder, PATIENT_MS), true);
  answer = '{"error": {"class": "GenericError", "desc": "no"}}\n';
  assert.equal(await guestAgentAnswers(folder, IMPATIENT_MS), false);
});
