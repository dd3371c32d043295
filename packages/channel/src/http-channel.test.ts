import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OperationError, silentLogger, systemClock } from '@landfall/runtime';
import { decodeEnrolmentToken, encodeEnrolmentToken } from './enrolment-token.ts';
import { type Identity, preparePendingIdentity, readIdentity, writeIdentity } from './file-identity.ts';
import { type Channel, type ChannelOptions, runChannel } from './http-channel.ts';
import { enrol } from './http-enrol.ts';
import type { AgentConfiguration, AgentReport } from './messages.ts';
import { createTestControlPlane, type TestControlPlane } from './testing/test-control-plane.ts';

let plane: TestControlPlane;
let folder: string;
let identity: Identity;

before(async () => {
  plane = await createTestControlPlane();
  folder = await mkdtemp(join(tmpdir(), 'landfall-channel-'));
  const pending = await preparePendingIdentity(folder, 'agent');
  const enrolment = await enrol({ ...pending, token: plane.token, version: '0' });
  identity = { ...pending, ...enrolment };
});

after(async () => {
  await plane.close();
  await rm(folder, { recursive: true, force: true });
});

const REPORT = { version: '0' } as AgentReport;
const POINT = { epoch: 7, cutTimeMs: 1, consistency: 'CRASH_CONSISTENT' } as const;

function start(changes: Partial<ChannelOptions<'agent'>>): { channel: Channel; stop: () => Promise<void> } {
  const abort = new AbortController();
  const channel = runChannel({
    ...identity,
    role: 'agent',
    report: async () => REPORT,
    applyConfiguration: async () => undefined,
    handlers: { takeRecoveryPoint: async () => POINT },
    reportIntervalMs: 30,
    pollWaitMs: 200,
    logger: silentLogger,
    signal: abort.signal,
    ...changes,
  });
  const stop = async () => {
    abort.abort();
    await channel.finished;
  };
  return { channel, stop };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(10_000);
  while (!condition()) await systemClock.sleep(10, deadline);
}

test('an identity is kept whole and private, and the key survives a repeated enrolment', async () => {
  assert.equal(await readIdentity(folder), undefined);
  await writeIdentity(folder, identity);
  assert.deepEqual(await readIdentity(folder), identity);
  assert.equal((await stat(join(folder, 'identity.json'))).mode & 0o777, 0o600);
  assert.equal((await preparePendingIdentity(folder, 'agent')).keyPem, identity.keyPem);
});

test('a token with another CA fingerprint is not believed', async () => {
  const token = encodeEnrolmentToken({
    ...decodeEnrolmentToken(plane.token),
    caFingerprint: '00'.repeat(32),
  });
  await assert.rejects(enrol({ ...identity, token, version: '0' }), { code: 'CONTROL_PLANE_UNTRUSTED' });
});

test('a refused token and an absent control plane are told apart', async () => {
  const decoded = decodeEnrolmentToken(plane.token);
  const wrong = encodeEnrolmentToken({ ...decoded, secret: 'another-secret' });
  await assert.rejects(enrol({ ...identity, token: wrong, version: '0' }), { code: 'TOKEN_INVALID' });
  const absent = encodeEnrolmentToken({ ...decoded, controlPlaneUrl: 'https://127.0.0.1:1' });
  await assert.rejects(enrol({ ...identity, token: absent, version: '0' }), {
    code: 'CONTROL_PLANE_UNREACHABLE',
    retryable: true,
  });
});

test('a report is answered with the configuration, and can be made at once', async () => {
  const wanted = { desired: 'PAUSE', bandwidthThrottlingMbps: 0, epochIntervalMs: 100 } as AgentConfiguration;
  plane.configurations.set(identity.programId, wanted);
  const applied: AgentConfiguration[] = [];
  let beside = 0;
  const { channel, stop } = start({
    reportIntervalMs: 60_000,
    applyConfiguration: async (configuration) => {
      beside += 1;
      assert.equal(beside, 1);
      await systemClock.sleep(5);
      applied.push(configuration);
      beside -= 1;
    },
  });
  await until(() => applied.length === 1);
  await Promise.all([channel.reportNow(), channel.reportNow()]);
  await until(() => applied.length >= 2);
  assert.deepEqual(applied[0], wanted);
  assert.deepEqual(plane.reports.get(identity.programId)?.body, REPORT);
  assert.equal(channel.connected, true);
  await stop();
});

test('a command is run once although it is sent again and again, and its result arrives', async () => {
  let calls = 0;
  const takeRecoveryPoint = async () => {
    calls += 1;
    await systemClock.sleep(300);
    return POINT;
  };
  const { stop } = start({ handlers: { takeRecoveryPoint } });
  assert.deepEqual(await plane.command(identity.programId, 'takeRecoveryPoint', {}), POINT);
  assert.equal(calls, 1);
  await stop();
});

test('commands run side by side', async () => {
  let running = 0;
  let runningMost = 0;
  const takeRecoveryPoint = async () => {
    running += 1;
    runningMost = Math.max(runningMost, running);
    await systemClock.sleep(100);
    running -= 1;
    return POINT;
  };
  const { stop } = start({ handlers: { takeRecoveryPoint } });
  const all = Array.from({ length: 40 }, () => plane.command(identity.programId, 'takeRecoveryPoint', {}));
  await Promise.all(all);
  assert.ok(runningMost > 1 && runningMost <= 16, `${runningMost} ran at once`);
  await stop();
});

test('a failing and an unknown command are answered with code, message and hint', async () => {
  const takeRecoveryPoint = async () => {
    throw new OperationError('DISK_VANISHED', 'no disk', { hint: 'attach it', retryable: true });
  };
  const { stop } = start({ handlers: { takeRecoveryPoint } });
  const failing = plane.command(identity.programId, 'takeRecoveryPoint', {});
  await assert.rejects(failing, {
    code: 'DISK_VANISHED',
    message: 'no disk',
    hint: 'attach it',
    retryable: true,
  });
  const unknown = plane.command(identity.programId, 'toString', {});
  await assert.rejects(unknown, { code: 'COMMAND_UNKNOWN' });
  await stop();
});

test('a lost control plane is found again, and results of meanwhile arrive', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun = false;
  const takeRecoveryPoint = async () => {
    begun = true;
    await released;
    return POINT;
  };
  const { channel, stop } = start({ handlers: { takeRecoveryPoint } });
  const answer = plane.command(identity.programId, 'takeRecoveryPoint', {});
  await until(() => begun);
  await plane.stopListening();
  await until(() => !channel.connected);
  release();
  await systemClock.sleep(300);
  await plane.listen();
  assert.deepEqual(await answer, POINT);
  const count = plane.reports.get(identity.programId)?.count ?? 0;
  await until(() => (plane.reports.get(identity.programId)?.count ?? 0) > count);
  await stop();
});
