import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type ApiClient, createApiClient } from '@landfall/api';
import { readIfExists } from '@landfall/runtime';
import { cleanUpAfter } from './testing/clean-up.ts';
import { simulateLaunchHost } from './testing/simulated-launch-host.ts';
import { simulateAgent, simulateReplicationServer } from './testing/simulated-programs.ts';
import { temporaryFolder } from './testing/test-control-plane.ts';
import { testStoreLocation } from './testing/test-store.ts';
import { waitFor } from './testing/wait-for.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function startProcess(t: TestContext, parameters: readonly string[]): ChildProcess {
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main, ...parameters], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  cleanUpAfter(t, async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return child;
}

async function untilListening(stateDir: string, child: ChildProcess): Promise<void> {
  const ask = async () => JSON.parse((await readIfExists(join(stateDir, 'control-plane.json'))) ?? '{}');
  await waitFor('the control plane to listen', ask, ({ pid }) => pid === child.pid);
}

async function clientOf(stateDir: string): Promise<ApiClient> {
  const admin = JSON.parse(await readFile(join(stateDir, 'admin-credentials.json'), 'utf8'));
  const caPem = await readFile(admin.caFile, 'utf8');
  return createApiClient({ endpoint: admin.endpoint, region: admin.region, caPem, credentials: admin });
}

test('a job outlives kill -9 of the control plane, a rival is refused, SIGTERM ends cleanly', async (t) => {
  const stateDir = await temporaryFolder(t);
  const location = await testStoreLocation(t);
  const parameters = [
    ...['--state-dir', stateDir, '--port', String(await freePort()), '--address', '127.0.0.1'],
    ...(location === undefined ? [] : ['--store', location.url]),
  ];
  const first = startProcess(t, parameters);
  await untilListening(stateDir, first);
  const token = async (role: string) => (await readFile(join(stateDir, 'tokens', role), 'utf8')).trim();
  const replication = await simulateReplicationServer(t, await token('replication-server'));
  const host = await simulateLaunchHost(t, await token('launch-host'));
  const api = await clientOf(stateDir);
  await api.mgn('InitializeService', {});
  const agent = await simulateAgent(t, (await api.landfall('CreateEnrolmentToken', {})).token);
  replication.replicas.set(agent.sourceServerId, agent.replica);
  agent.synced = true;
  const describe = async () => (await api.mgn('DescribeSourceServers', {})).items?.[0];
  await waitFor('the first point', describe, (server) => server?.lifeCycle?.state === 'READY_FOR_TEST');

  const rival = startProcess(t, parameters);
  let complaint = '';
  rival.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [exitCode] = await once(rival, 'exit');
  assert.equal(exitCode, 1);
  assert.match(complaint, /STATE_IN_USE: another control plane is using/);

  let second: ChildProcess | undefined;
  host.onCommand = async (name) => {
    if (name !== 'ensureMachine' || second !== undefined) return;
    first.kill('SIGKILL');
    await once(first, 'exit');
    second = startProcess(t, parameters);
    await untilListening(stateDir, second);
  };
  const { job } = await api.mgn('StartTest', { sourceServerIDs: [agent.sourceServerId] });
  const jobIDs = [job?.jobID ?? ''];
  const ended = await waitFor(
    'the end of the job',
    async () => (await Promise.allSettled([api.mgn('DescribeJobs', { filters: { jobIDs } })]))[0],
    (seen) => seen.status === 'fulfilled' && seen.value.items?.[0]?.status === 'COMPLETED',
  );
  assert.ok(ended.status === 'fulfilled');
  assert.equal(ended.value.items?.[0]?.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  assert.equal(host.machines.size, 1);

  assert.ok(second !== undefined);
  second.kill('SIGTERM');
  const [cleanExit] = await once(second, 'exit');
  assert.equal(cleanExit, 0);
  assert.equal(await readIfExists(join(stateDir, 'control-plane.json')), undefined);
});
