/**
 * Proofs of boot with a real control plane, a real launch host that is killed, and a real guest; qemu-nbd
 * stands where the replication server's views are otherwise.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensureGuestImage } from '../apps/cli/src/demo/guest-image.ts';
import { cacheFolder } from '../apps/cli/src/setup/cache-folder.ts';
import { savePreflight } from '../apps/control-plane/src/store/preflights.ts';
import {
  simulateAgent,
  simulateReplicationServer,
} from '../apps/control-plane/src/testing/simulated-programs.ts';
import {
  type AdminCredentials,
  startTestControlPlane,
  type TestControlPlane,
} from '../apps/control-plane/src/testing/test-control-plane.ts';
import { waitFor } from '../apps/control-plane/src/testing/wait-for.ts';
import type { MachineDisk } from '../packages/channel/src/index.ts';
import { readIfExists, runChecked } from '../packages/runtime/src/index.ts';

const ROOT = dirname(import.meta.dirname);
/** Generous, because the machine may be busy: a minute is what each takes. */
const STAGE_MS = 900_000;
const LIFE_SECONDS = 900;
/** A guest that does not boot is waited for so long. */
const SILENT_SECONDS = 20;
/** GRUB's core image, between the boot sector and the first partition. */
const CORE_IMAGE = 'write -P 0 512 64k';
/** That the guest is reached at the address which it keeps of its source. */
const SIGN = { kind: 'TCP', port: 22 } as const;
const KEPT_INTERFACE = {
  ...{ macAddress: '52:54:00:12:34:56', ips: ['192.0.2.77'], isPrimary: true },
  addresses: [{ address: '192.0.2.77/24', gateway: '192.0.2.1' }],
};
const WHO = '#!/bin/sh\necho "I am {{machine}}"\nip -4 -brief address\n';

let folder = '';
let image = '';
let launchHost: ChildProcess | undefined;
const serverPids: number[] = [];

before(async () => {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  image = dirname((await ensureGuestImage({ cacheFolder: cacheFolder(), onStep: say })).rootDisk);
  folder = await mkdtemp(join(tmpdir(), 'bp-'));
  const root = await realpath(join(image, 'root.raw'));
  const broken = join(folder, 'broken.qcow2');
  await runChecked(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', root, broken]);
  await runChecked(['qemu-io', '-f', 'qcow2', '-c', CORE_IMAGE, broken]);
  await serve(root, 'raw', 'root');
  await serve(await realpath(join(image, 'data.raw')), 'raw', 'data');
  await serve(broken, 'qcow2', 'broken');
});

after(async () => {
  if (folder === '') return;
  await killLaunchHost();
  for (const pid of [...serverPids, ...(await machinePids())]) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test('a server is proved to boot although the launch host is killed, and is launched without conversion', {
  timeout: 3 * STAGE_MS,
}, async (t) => {
  const beforeHash = await hashOf(join(image, 'root.raw'));
  const plane = await startTestControlPlane(t);
  const { api } = plane;
  await api.mgn('InitializeService', {});
  const replication = await simulateReplicationServer(t, await plane.token('replication-server'));
  const tokenFile = join(plane.stateDir, 'tokens/launch-host');
  startLaunchHost(tokenFile);
  const agent = await simulateAgent(t, (await api.landfall('CreateEnrolmentToken', {})).token);
  const { sourceServerId: sourceServerID } = agent;
  replication.replicas.set(sourceServerID, agent.replica);
  replication.exportedDisks = () => disksOf('root', rootBytes, dataBytes);
  const rootBytes = (await stat(join(image, 'root.raw'))).size;
  const dataBytes = (await stat(join(image, 'data.raw'))).size;
  await api.landfall('PutBootProofSchedule', {
    ...{ sourceServerID, signsOfLife: [SIGN], lifeTimeoutSeconds: LIFE_SECONDS },
  });
  await leaveUninspected(plane, sourceServerID);
  await api.mgn('UpdateLaunchConfiguration', { sourceServerID, copyPrivateIp: true });
  await api.landfall('PutScriptDocument', { name: 'who', script: WHO, parameters: [{ name: 'machine' }] });
  await api.mgn('PutSourceServerAction', {
    ...{ sourceServerID, actionID: 'who', actionName: 'who', order: 1001, documentIdentifier: 'who' },
    ...{ externalParameters: { machine: { dynamicPath: 'launchedInstance.ec2InstanceID' } } },
    mustSucceedForCutover: true,
  });
  agent.sourceProperties = { ...agent.sourceProperties, networkInterfaces: [KEPT_INTERFACE] };
  agent.synced = true;
  await waitFor(
    'the first recovery point',
    async () => (await api.mgn('DescribeSourceServers', {})).items?.[0]?.lifeCycle?.state,
    (state) => state === 'READY_FOR_TEST',
  );
  const prove = async (at: string) => {
    const { bootProof } = await api.landfall('StartBootProof', { sourceServerID, at });
    return () => api.landfall('DescribeBootProof', { bootProofID: bootProof.bootProofID });
  };
  const isEnded = ({ bootProof }: { readonly bootProof: { readonly state: string } }) =>
    bootProof.state === 'VERIFIED' || bootProof.state === 'FAILED';

  const first = await prove('epoch:1');
  await waitFor(
    'an appliance',
    () => appliances(),
    (count) => count > 0,
    STAGE_MS,
  );
  await killLaunchHost();
  startLaunchHost(tokenFile);
  const verified = await waitFor('the verdict', first, isEnded, STAGE_MS);
  t.diagnostic(JSON.stringify(verified.bootProof));
  assert.equal(verified.bootProof.state, 'VERIFIED', JSON.stringify(verified.bootProof.error));
  assert.equal(verified.bootProof.attempts, 0, 'a killed launch host goes on');
  assert.match(verified.bootProof.seen ?? '', /SSH-2/);
  // The guest answers long before its console is at rest, and what is kept of that is the end only.
  assert.match(verified.consoleTail ?? '', /systemd\[1\]: /);
  assertPng(verified.screenshotPngBase64);
  assert.deepEqual([...replication.exports.keys()], [], 'it gives back what it held');
  await waitFor('its machine to be gone', () => readdir(join(folder, 'state/machines')), isEmpty);
  const listed = await api.landfall('ListRecoveryPoints', { sourceServerID });
  assert.deepEqual(
    listed.items.map(({ epoch, verified: boots, name }) => ({ epoch, boots, name })),
    [{ epoch: 1, boots: true, name: 'boot-proof' }],
  );

  const { job } = await api.landfall('StartLaunch', { sourceServerID, purpose: 'TEST', at: 'VERIFIED' });
  const machineOf = async () => (await api.landfall('DescribeLaunchedMachines', {})).items[0];
  const running = await waitFor('the machine', machineOf, (one) => one?.phase === 'RUNNING', STAGE_MS);
  assert.equal(running?.jobID, job.jobID);
  assert.deepEqual(
    running?.conversion.map(({ step }) => step),
    ['Prepared conversion'],
  );
  const ended = await waitFor(
    'the end of the launch',
    async () => (await api.mgn('DescribeJobs', { filters: { jobIDs: [job.jobID] } })).items?.[0],
    (one) => one?.status === 'COMPLETED',
    STAGE_MS,
  );
  const [participant] = ended?.participatingServers ?? [];
  t.diagnostic(JSON.stringify(participant));
  assert.equal(participant?.launchStatus, 'LAUNCHED');
  const { items: events = [] } = await api.mgn('DescribeJobLogItems', { jobID: job.jobID });
  const converted = events.find(({ event }) => event === 'CONVERSION_END')?.eventData?.rawError;
  assert.match(converted ?? '', /^not converted again: /);
  const [outcome] = (await machineOf())?.postLaunch ?? [];
  assert.equal(outcome?.state, 'SUCCEEDED', outcome?.output);
  assert.match(outcome?.output ?? '', new RegExp(`^I am ${running?.machineID}$`, 'm'));
  assert.match(outcome?.output ?? '', / 192\.0\.2\.77\/24 /, 'the address of the source');
  t.diagnostic(`the kept conversion took ${running?.conversion[0]?.durationMs} ms`);
  const machineID = running?.machineID ?? '';
  const consoleOf = async () => (await api.landfall('GetConsoleOutput', { machineID })).text;
  await waitFor('its login prompt', consoleOf, (text) => / login:/.test(text), STAGE_MS);
  const terminated = await waitFor(
    'the machine to be terminated',
    async () => {
      const ended = await api.landfall('DescribeLaunchedMachines', {});
      if (ended.items[0]?.phase !== 'TERMINATED') await terminate();
      return ended.items[0]?.phase;
    },
    (phase) => phase === 'TERMINATED',
    STAGE_MS,
  );
  assert.equal(terminated, 'TERMINATED');
  async function terminate() {
    const server = (await api.mgn('DescribeSourceServers', {})).items?.[0];
    if (server?.lifeCycle?.state === 'TESTING') {
      await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state: 'READY_FOR_TEST' } });
      await api.mgn('TerminateTargetInstances', { sourceServerIDs: [sourceServerID] });
    }
  }

  replication.exportedDisks = () => disksOf('broken', rootBytes, dataBytes);
  agent.replica.epoch = 2;
  await api.landfall('PutBootProofSchedule', { sourceServerID, lifeTimeoutSeconds: SILENT_SECONDS });
  const second = await prove('epoch:2');
  const failed = await waitFor('the second verdict', second, isEnded, STAGE_MS);
  t.diagnostic(JSON.stringify({ ...failed.bootProof, consoleTail: failed.consoleTail }));
  assert.equal(failed.bootProof.state, 'FAILED');
  assert.equal(failed.bootProof.error?.code, 'BOOT_PROOF_FAILED');
  assert.match(failed.bootProof.error?.message ?? '', /no sign of life within 20 s/);
  assert.equal(typeof failed.consoleTail, 'string');
  assertPng(failed.screenshotPngBase64);
  const shot = join(folder, 'screen.png');
  const command = [process.execPath, 'apps/cli/src/main.ts', '--state-dir', plane.stateDir, 'boot-proof'];
  const { stdout } = await runChecked(
    [...command, 'show', failed.bootProof.bootProofID, '--screenshot', shot],
    { cwd: ROOT, env: cliEnvironment(plane.admin) },
  );
  assert.match(stdout, /no sign of life/);
  assertPng((await readFile(shot)).toString('base64'));
  const kept = await waitFor(
    'the conversion of the point that does not boot to be gone',
    () => readdir(join(folder, 'state/conversions')),
    (names) => names.length === 1,
    STAGE_MS,
  );
  assert.match(kept[0] ?? '', new RegExp(`^${sourceServerID}\\.1\\.`), 'the verified point stays prepared');
  assert.equal(await hashOf(join(image, 'root.raw')), beforeHash, 'the view is never written');
});

/** Preflights have a story of their own, and would hold up this one. */
async function leaveUninspected(plane: TestControlPlane, sourceServerId: string): Promise<void> {
  await savePreflight(plane.current().service.store.db, {
    ...{ preflightId: 'preflight-none', sourceServerId, trigger: 'FIRST_POINT', at: { kind: 'LATEST' } },
    ...{ createdAtMs: 0, state: 'FAILED', attempts: 0, nextAttemptAtMs: 0, exports: [] },
  });
}

function cliEnvironment(admin: AdminCredentials): NodeJS.ProcessEnv {
  return {
    ...{ ...process.env, LANDFALL_ENDPOINT: admin.endpoint, LANDFALL_CA_FILE: admin.caFile },
    ...{ AWS_ACCESS_KEY_ID: admin.accessKeyId, AWS_SECRET_ACCESS_KEY: admin.secretAccessKey },
  };
}

function disksOf(root: 'root' | 'broken', rootBytes: number, dataBytes: number): readonly MachineDisk[] {
  const disk = (diskId: string, name: string, sizeBytes: number) => ({
    ...{ diskId, sizeBytes, isBootDisk: diskId === 'disk-0', deviceName: `/dev/nvme${diskId.at(-1)}n1` },
    nbdUri: `nbd+unix:///${name}?socket=${join(folder, `${name}.sock`)}`,
  });
  return [disk('disk-0', root, rootBytes), disk('disk-1', 'data', dataBytes)];
}

function startLaunchHost(tokenFile: string): void {
  const program = ['apps/launch-host/src/main.ts', '--state-dir', join(folder, 'state')];
  launchHost = spawn(process.execPath, [...program, '--token-file', tokenFile], {
    ...{ cwd: ROOT, stdio: 'ignore' },
  });
}

/** Machines whose conversion has begun. */
async function appliances(): Promise<number> {
  const machines = join(folder, 'state/machines');
  const ids = existsSync(machines) ? await readdir(machines) : [];
  return ids.filter((id) => existsSync(join(machines, id, 'conversion'))).length;
}

async function killLaunchHost(): Promise<void> {
  const child = launchHost;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Machines outlive the launch host. */
async function machinePids(): Promise<number[]> {
  const machines = join(folder, 'state/machines');
  const pids: number[] = [];
  for (const id of existsSync(machines) ? await readdir(machines) : []) {
    const pid = Number(await readIfExists(join(machines, id, 'qemu.pid')));
    if (Number.isSafeInteger(pid) && pid > 1) pids.push(pid);
  }
  return pids;
}

async function serve(path: string, format: string, name: string): Promise<void> {
  const pidFile = join(folder, `${name}.pid`);
  const place = ['-x', name, '-k', join(folder, `${name}.sock`), '--pid-file', pidFile];
  await runChecked(['qemu-nbd', '-r', '-t', '-e', '8', '-f', format, ...place, '--fork', path]);
  serverPids.push(Number(await readFile(pidFile, 'utf8')));
}

function assertPng(base64 = ''): void {
  assert.equal(Buffer.from(base64, 'base64').toString('latin1', 1, 4), 'PNG');
}

function isEmpty(names: readonly string[]): boolean {
  return names.length === 0;
}

/** Of the content. Where its data lies is no part of it: what the page cache holds decides that as well. */
async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
