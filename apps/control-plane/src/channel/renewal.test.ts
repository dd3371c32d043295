/** Renewal against a real control plane over TLS, by the real client; wall clocks are moved by months. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import {
  type AgentReport,
  createHttpClient,
  type Identity,
  readIdentity,
  renewalStatement,
  runChannel,
  writeIdentity,
} from '@landfall/channel';
import { type Clock, createLogger, type Logger, silentLogger, systemClock } from '@landfall/runtime';
import { certificateFingerprint } from '../identity/certificate-authority.ts';
import { findProgram, revokeProgram } from '../store/programs.ts';
import { cleanUpAfter } from '../testing/clean-up.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { enrolAgent, newIdentity, simulateReplicationServer } from '../testing/simulated-programs.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from '../testing/source-fixtures.ts';
import {
  startTestControlPlane,
  type TestControlPlane,
  temporaryFolder,
} from '../testing/test-control-plane.ts';
import { waitFor } from '../testing/wait-for.ts';
import { observeReplicationServer } from './observe-replication-server.ts';
import { NEXT_UNUSED_MS } from './renewal.ts';

const DAY_MS = 86_400_000;
const EXCHANGE = { timeoutMs: 20_000 };
const POINT = { epoch: 1, cutTimeMs: 1, consistency: 'CRASH_CONSISTENT' } as const;
const REPORT: AgentReport = {
  version: '0.1.0',
  sourceProperties: SOURCE_PROPERTIES,
  disks: SOURCE_DISKS,
  replication: {
    state: 'INITIATING',
    disks: [],
    lagMs: null,
    etaMs: null,
    lastEpoch: 0,
    connected: false,
    bytesRead: 0,
    bytesSent: 0,
    firstSyncDurationMs: null,
    lagP50Ms: null,
    lagP99Ms: null,
  },
};

interface Enrolled {
  readonly folder: string;
  readonly identity: Identity;
}

async function enrolled(t: TestContext, plane: TestControlPlane, own = newIdentity()): Promise<Enrolled> {
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const folder = await temporaryFolder(t);
  const identity: Identity = { ...own, role: 'agent', ...(await enrolAgent(token, own)) };
  await writeIdentity(folder, identity);
  return { folder, identity };
}

/** One exchange with exactly this identity. */
async function post(identity: Identity, path: string, body: unknown): Promise<unknown> {
  const client = createHttpClient(identity);
  try {
    return await client.post(`/channel/${path}`, body, EXCHANGE);
  } finally {
    client.close();
  }
}

const report = (identity: Identity) => post(identity, 'report', REPORT);

interface NextPair {
  readonly certificatePem: string;
  readonly ready: boolean;
}

/** A renewal asked for by hand. */
async function renew(identity: Identity, keyPem: string, signedFor = identity): Promise<NextPair> {
  const statement = renewalStatement(certificateFingerprint(signedFor.certificatePem));
  const proof = sign('sha256', Buffer.from(statement), createPrivateKey(keyPem)).toString('base64');
  return (await post(identity, 'renew', { publicKeyPem: publicOf(keyPem), proof })) as NextPair;
}

function publicOf(keyPem: string): string {
  return createPublicKey(keyPem).export({ type: 'spki', format: 'pem' }).toString();
}

interface RunningAgent {
  stop(): Promise<void>;
}

function run(
  t: TestContext,
  { folder, identity }: Enrolled,
  { clock, logger = silentLogger }: { readonly clock: Clock; readonly logger?: Logger },
): RunningAgent {
  const ending = new AbortController();
  const channel = runChannel({
    ...identity,
    role: 'agent',
    renewal: { stateFolder: folder, identity },
    report: async () => REPORT,
    applyConfiguration: async () => undefined,
    handlers: {
      takeRecoveryPoint: async () => POINT,
    },
    pollWaitMs: 100,
    logger,
    clock,
    signal: ending.signal,
  });
  const stop = async () => {
    ending.abort();
    await channel.finished;
  };
  cleanUpAfter(t, stop);
  return { stop };
}

async function stored(folder: string): Promise<Identity> {
  const identity = await readIdentity(folder);
  assert.ok(identity !== undefined);
  return identity;
}

function untilRenewed(folder: string, before: Identity): Promise<Identity> {
  return waitFor(
    'another certificate on disk',
    () => stored(folder),
    ({ certificatePem }) => certificatePem !== before.certificatePem,
  );
}

test('a program renews key and certificate at two thirds of the term, over and over, without losing touch', async (t) => {
  const plane = await startTestControlPlane(t);
  const agent = await enrolled(t, plane);
  const lines: string[] = [];
  const clock = shiftedClock();
  const logger = createLogger({ program: 'test', write: (line) => lines.push(line) });
  run(t, agent, { clock, logger });
  clock.shiftMs = 54 * DAY_MS;
  await systemClock.sleep(200);
  assert.equal((await stored(agent.folder)).certificatePem, agent.identity.certificatePem);
  clock.shiftMs = 67 * DAY_MS;
  const second = await untilRenewed(agent.folder, agent.identity);
  assert.notEqual(second.keyPem, agent.identity.keyPem);
  // The clock is still ahead: the next renewal may have begun, with a key of its own.
  assert.notEqual(second.nextKeyPem, second.keyPem);
  assert.ok(new X509Certificate(second.certificatePem).checkPrivateKey(createPrivateKey(second.keyPem)));
  const { db } = plane.current().service.store;
  await waitFor(
    'the control plane follows',
    () => findProgram(db, agent.identity.programId),
    (program) => program?.certificateFingerprint === certificateFingerprint(second.certificatePem),
  );
  await assert.rejects(report(agent.identity), { code: 'PROGRAM_REVOKED' });
  // The clock is still ahead, so it is time again at once: the next comes after a pause, and the next.
  const third = await untilRenewed(agent.folder, second);
  await untilRenewed(agent.folder, third);
  assert.ok(!lines.join('').includes('control-plane-lost'), lines.join(''));
});

test('the old certificate is good until the new one was used, and no longer', async (t) => {
  const plane = await startTestControlPlane(t);
  const { identity } = await enrolled(t, plane);
  const { keyPem } = newIdentity();
  const { certificatePem } = await renew(identity, keyPem);
  await report(identity);
  await plane.restart();
  await report(identity);
  assert.deepEqual((await renew(identity, keyPem)).certificatePem, certificatePem, 'N5: the same answer');
  const renewed = { ...identity, keyPem, certificatePem };
  await Promise.all([report(renewed), report(renewed), report(renewed)]);
  await assert.rejects(report(identity), { code: 'PROGRAM_REVOKED' });
  await assert.rejects(renew(identity, newIdentity().keyPem), { code: 'PROGRAM_REVOKED' });
  await plane.restart();
  await report(renewed);
  const again = await renew(renewed, newIdentity().keyPem);
  assert.notEqual(again.certificatePem, certificatePem);
});

test('a program stopped at any step of its renewal has a pair that works, and ends the renewal later', async (t) => {
  const plane = await startTestControlPlane(t);
  const late = shiftedClock();
  late.shiftMs = 80 * DAY_MS;
  const steps: readonly ((agent: Enrolled) => Promise<string | undefined>)[] = [
    // The next key is on disk, nobody has heard of it.
    async ({ folder, identity }) => {
      const { keyPem } = newIdentity();
      await writeIdentity(folder, { ...identity, nextKeyPem: keyPem });
      return keyPem;
    },
    // The control plane has answered, the answer was lost.
    async ({ folder, identity }) => {
      const { keyPem } = newIdentity();
      await writeIdentity(folder, { ...identity, nextKeyPem: keyPem });
      await renew(identity, keyPem);
      return keyPem;
    },
    // The new pair is on disk and was not used.
    async ({ folder, identity }) => {
      const { keyPem } = newIdentity();
      const { certificatePem } = await renew(identity, keyPem);
      await writeIdentity(folder, { ...identity, keyPem, certificatePem });
      return undefined;
    },
    // It was used once.
    async ({ folder, identity }) => {
      const { keyPem } = newIdentity();
      const { certificatePem } = await renew(identity, keyPem);
      await writeIdentity(folder, { ...identity, keyPem, certificatePem });
      await report({ ...identity, keyPem, certificatePem });
      return undefined;
    },
  ];
  for (const [index, step] of steps.entries()) {
    const agent = await enrolled(t, plane);
    const nextKey = await step(agent);
    await plane.restart();
    const found = await stored(agent.folder);
    await report(found);
    const { stop } = run(t, { folder: agent.folder, identity: found }, { clock: late });
    const renewed = await untilRenewed(agent.folder, found);
    await stop();
    if (nextKey !== undefined) assert.equal(renewed.keyPem, nextKey, `step ${index}: the key of before`);
    await report(renewed);
    await assert.rejects(report(found), { code: 'PROGRAM_REVOKED' });
  }
});

test('a control plane that is killed in the middle of renewals loses none', async (t) => {
  const plane = await startTestControlPlane(t);
  const agent = await enrolled(t, plane);
  const clock = shiftedClock();
  clock.shiftMs = 80 * DAY_MS;
  const { stop } = run(t, agent, { clock });
  let last = agent.identity;
  for (let round = 0; round < 3; round += 1) {
    await plane.restart();
    last = await untilRenewed(agent.folder, last);
  }
  await stop();
  await report(await stored(agent.folder));
});

test('only the holder of both keys renews, and only for itself', async (t) => {
  const plane = await startTestControlPlane(t);
  const { identity } = await enrolled(t, plane);
  const other = await enrolled(t, plane);
  const { keyPem } = newIdentity();
  const stranger = newIdentity().keyPem;
  const statement = renewalStatement(certificateFingerprint(identity.certificatePem));
  const proof = sign('sha256', Buffer.from(statement), createPrivateKey(stranger)).toString('base64');
  const foreign = { publicKeyPem: publicOf(keyPem), proof };
  await assert.rejects(post(identity, 'renew', foreign), { code: 'PROOF_INVALID' });
  await assert.rejects(renew(identity, keyPem, other.identity), { code: 'PROOF_INVALID' });
  await assert.rejects(renew(identity, identity.keyPem), { code: 'REQUEST_INVALID' });
  for (const broken of [
    {},
    { publicKeyPem: 7, proof: 'x' },
    { publicKeyPem: 'x'.repeat(3000), proof: 'x' },
  ]) {
    await assert.rejects(post(identity, 'renew', broken), { code: 'REQUEST_INVALID' });
  }
  await assert.rejects(post(identity, 'renew', { publicKeyPem: 'x', proof: 'x' }), { code: 'KEY_INVALID' });
  const anonymous = createHttpClient({ controlPlaneUrl: plane.url, caPem: plane.caPem });
  await assert.rejects(anonymous.post('/channel/renew', foreign, EXCHANGE), { code: 'CERTIFICATE_REQUIRED' });
  anonymous.close();
  const { certificatePem } = await renew(identity, keyPem);
  assert.match(new X509Certificate(certificatePem).subject, new RegExp(`CN=${identity.programId}`));
});

test('a program that was revoked renews nothing, in whatever step it was', async (t) => {
  const plane = await startTestControlPlane(t);
  const { identity } = await enrolled(t, plane);
  const { keyPem } = newIdentity();
  const { certificatePem } = await renew(identity, keyPem);
  await revokeProgram(plane.current().service.store.db, identity.programId, systemClock.nowMs());
  await assert.rejects(renew(identity, keyPem), { code: 'PROGRAM_REVOKED' });
  await assert.rejects(report({ ...identity, keyPem, certificatePem }), { code: 'PROGRAM_REVOKED' });
});

test('two renewals at once: one key gets one certificate, another key has to wait', async (t) => {
  const clock = shiftedClock();
  const plane = await startTestControlPlane(t, { clock });
  const { identity } = await enrolled(t, plane);
  const [one, two] = [newIdentity().keyPem, newIdentity().keyPem];
  const same = await Promise.all([renew(identity, one), renew(identity, one), renew(identity, one)]);
  assert.equal(new Set(same.map(({ certificatePem }) => certificatePem)).size, 1);
  await assert.rejects(renew(identity, two), { code: 'RENEWAL_IN_PROGRESS', retryable: true });
  clock.shiftMs = NEXT_UNUSED_MS + 1;
  const second = await renew(identity, two);
  await report({ ...identity, keyPem: two, certificatePem: second.certificatePem });
  const outcomes = await Promise.allSettled([renew(identity, one), report(identity)]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status),
    ['rejected', 'rejected'],
  );
});

test('an expired certificate renews itself and does nothing else, for as long again as it was good', async (t) => {
  const clock = shiftedClock();
  const plane = await startTestControlPlane(t, { clock, certificateLifetimeMs: 10 * DAY_MS });
  const own = newIdentity();
  const agent = await enrolled(t, plane, own);
  const { token } = await plane.api.landfall('CreateEnrolmentToken', { expiresInSeconds: 60 * 86_400 });
  clock.shiftMs = 11 * DAY_MS;
  await assert.rejects(report(agent.identity), { code: 'CERTIFICATE_EXPIRED', hint: /install it again/ });
  // The program's own clock knows nothing of it: it is told by the answer to its report.
  const { stop } = run(t, agent, { clock: systemClock });
  const renewed = await untilRenewed(agent.folder, agent.identity);
  await stop();
  await report(renewed);
  clock.shiftMs = 40 * DAY_MS;
  await assert.rejects(report(renewed), { code: 'CERTIFICATE_EXPIRED' });
  await assert.rejects(renew(renewed, newIdentity().keyPem), { code: 'CERTIFICATE_EXPIRED' });
  const kept = { installId: own.installId, keyPem: renewed.keyPem };
  const again: Identity = { ...kept, role: 'agent', ...(await enrolAgent(token, kept)) };
  assert.equal(again.programId, agent.identity.programId, 'installed again, it is who it was');
  await report(again);
  clock.shiftMs = -365 * DAY_MS;
  await report(again);
});

test('an installation in the middle of a renewal, with the old key or the next, is no copy', async (t) => {
  const plane = await startTestControlPlane(t);
  const own = newIdentity();
  const { identity } = await enrolled(t, plane, own);
  const { keyPem } = newIdentity();
  await renew(identity, keyPem);
  const reinstalled = await enrolled(t, plane, { installId: own.installId, keyPem });
  assert.equal(reinstalled.identity.programId, identity.programId);
  await report(reinstalled.identity);
  await assert.rejects(report(identity), { code: 'PROGRAM_REVOKED' });
});

test('an agent is ready for its new certificate when its replication server has said that it knows it', async (t) => {
  const plane = await startTestControlPlane(t);
  await plane.api.mgn('InitializeService', {});
  const replication = await simulateReplicationServer(t, await plane.token('replication-server'));
  const { identity } = await enrolled(t, plane);
  await report(identity);
  await waitFor(
    'the replication server is told of the agent',
    async () => replication.configuration.servers,
    (servers) => servers.length === 1,
  );
  const { keyPem } = newIdentity();
  const first = await renew(identity, keyPem);
  assert.equal(first.ready, false);
  const { service } = plane.current();
  const current = certificateFingerprint(identity.certificatePem);
  const next = certificateFingerprint(first.certificatePem);
  const tell = (acceptedFingerprints: readonly string[]) =>
    observeReplicationServer(service, replication.programId, {
      version: '0.1.0',
      host: '127.0.0.1',
      port: 1500,
      stagingTotalBytes: 1,
      stagingFreeBytes: 1,
      servers: [
        {
          sourceServerId: identity.programId,
          connected: true,
          lastEpoch: 0,
          lastCutTimeMs: null,
          recoveryPoints: 0,
          bytesOnDisk: 0,
          bytesReceived: 0,
          acceptedFingerprints,
        },
      ],
    });
  const [listed] = (await tell([current])).servers;
  assert.deepEqual([listed?.certificateFingerprint, listed?.nextCertificateFingerprint], [current, next]);
  await tell([current, next]);
  // The simulated server's own reports, which know of no certificates, come in between.
  await waitFor(
    'ready',
    async () => {
      await tell([current, next]);
      return renew(identity, keyPem);
    },
    ({ ready }) => ready,
  );
  await report({ ...identity, keyPem, certificatePem: first.certificatePem });
  const [after] = (await tell([current, next])).servers;
  assert.deepEqual([after?.certificateFingerprint, after?.nextCertificateFingerprint], [next, undefined]);
});
