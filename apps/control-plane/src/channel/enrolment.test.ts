import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeEnrolmentToken, encodeEnrolmentToken } from '@landfall/channel';
import { simulateLaunchHost } from '../testing/simulated-launch-host.ts';
import { enrolAgent, newIdentity, simulateAgent } from '../testing/simulated-programs.ts';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('a wrong, expired, used-up or revoked token is refused with its own code and what to do', async (t) => {
  const plane = await startTestControlPlane(t);
  const { api } = plane;
  const { token } = await api.landfall('CreateEnrolmentToken', { usesMax: 1 });
  const wrong = encodeEnrolmentToken({ ...decodeEnrolmentToken(token), secret: 'not-the-secret' });
  await assert.rejects(enrolAgent(wrong, newIdentity()), {
    code: 'TOKEN_INVALID',
    hint: /create a new token/,
  });

  const first = newIdentity();
  await enrolAgent(token, first);
  await enrolAgent(token, first);
  await assert.rejects(enrolAgent(token, newIdentity()), {
    code: 'TOKEN_USED_UP',
    message: /already used by 1 install/,
  });

  const short = await api.landfall('CreateEnrolmentToken', { expiresInSeconds: 60 });
  await plane
    .current()
    .service.store.db.updateTable('enrolment_token')
    .set({ expires_at_ms: Date.UTC(2026, 0, 1) })
    .where('token_id', '=', short.tokenID)
    .execute();
  await assert.rejects(enrolAgent(short.token, newIdentity()), {
    code: 'TOKEN_EXPIRED',
    message: 'this enrolment token expired at 2026-01-01T00:00:00.000Z',
  });

  const revoked = await api.landfall('CreateEnrolmentToken', {});
  await api.landfall('RevokeEnrolmentToken', { tokenID: revoked.tokenID });
  await assert.rejects(enrolAgent(revoked.token, newIdentity()), {
    code: 'TOKEN_INVALID',
    message: /revoked/,
  });

  const { items } = await api.landfall('ListEnrolmentTokens', {});
  const states = items.filter(({ role }) => role === 'agent').map(({ state }) => state);
  assert.deepEqual(states.toSorted(), ['EXPIRED', 'REVOKED', 'USED_UP']);
  await assert.rejects(enrolAgent(await plane.token('launch-host'), newIdentity()), {
    code: 'TOKEN_INVALID',
    message: /is for a launch-host, not for a agent/,
  });
});

test('a copy of a machine is refused while the first is active; the same install is no copy', async (t) => {
  const plane = await startTestControlPlane(t);
  const { api } = plane;
  const { token } = await api.landfall('CreateEnrolmentToken', { tags: { wave: '7' } });
  const identity = newIdentity();
  const first = await enrolAgent(token, identity);
  const again = await enrolAgent(token, identity);
  assert.equal(again.programId, first.programId);
  assert.notEqual(again.certificatePem, first.certificatePem);
  const copy = { ...newIdentity(), installId: identity.installId };
  await assert.rejects(enrolAgent(token, copy), {
    code: 'IDENTITY_IN_USE',
    message: /is this machine a copy of it/,
    hint: /remove the state folder/,
  });

  await api.mgn('InitializeService', {});
  await api.mgn('DisconnectFromService', { sourceServerID: first.programId });
  const reinstalled = await enrolAgent(token, copy);
  assert.notEqual(reinstalled.programId, first.programId);
  const { items = [] } = await api.mgn('DescribeSourceServers', {});
  assert.deepEqual(
    items.map(({ lifeCycle, tags }) => [lifeCycle?.state, tags?.wave]),
    [
      ['DISCONNECTED', '7'],
      ['NOT_READY', '7'],
    ],
  );
});

test('somebody else’s public key is refused', async (t) => {
  const plane = await startTestControlPlane(t);
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const { secret } = decodeEnrolmentToken(token);
  const { publicKeyPem } = await (await import('../identity/certificate-authority.ts')).generateKeyPair();
  const { proofOfPossession } = await import('@landfall/channel');
  const { keyPem, installId } = newIdentity();
  const proof = proofOfPossession(keyPem, secret, installId);
  const { createHttpClient } = await import('@landfall/channel');
  const client = createHttpClient({ controlPlaneUrl: plane.url, caPem: plane.caPem });
  t.after(() => client.close());
  const request = { role: 'launch-host', token: secret, publicKeyPem, proof, installId, version: '1' };
  await assert.rejects(client.post('/channel/enrol', request, { timeoutMs: 5000 }), {
    code: 'PROOF_INVALID',
  });
});

test('an embedded token serves one install only, as often as it likes', async (t) => {
  const plane = await startTestControlPlane(t);
  const token = await plane.token('launch-host');
  const identity = newIdentity();
  const first = await simulateLaunchHost(t, token, identity);
  const second = await simulateLaunchHost(t, token, identity);
  assert.equal(first.programId, second.programId);
  await assert.rejects(simulateLaunchHost(t, token), { code: 'TOKEN_USED_UP' });
  await plane.restart();
  assert.equal(await plane.token('launch-host'), token);
});

test('disks are spread over replication servers, and a server without one waits for it', async (t) => {
  const plane = await startTestControlPlane(t);
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const agent = await simulateAgent(t, token);
  const where = async () => {
    const input = { sourceServerID: agent.sourceServerId };
    return (await plane.api.landfall('DescribeReplication', input)).replicationServerID;
  };
  assert.equal(await where(), undefined);
  const { simulateReplicationServer } = await import('../testing/simulated-programs.ts');
  const replication = await simulateReplicationServer(t, await plane.token('replication-server'));
  assert.equal(await waitFor('an assignment', where, (id) => id !== undefined), replication.programId);
  const listed = await waitFor(
    'the configuration of the replication server',
    () => replication.configuration.servers,
    (servers) => servers.length === 1,
  );
  assert.equal(listed[0]?.sourceServerId, agent.sourceServerId);
  assert.match(listed[0]?.certificateFingerprint ?? '', /^[0-9a-f]{64}$/);
  await waitFor(
    'the address of the replication server',
    () => agent.configuration?.replicationServer?.port,
    (port) => port === 1500,
  );
});

test('a certificate that was replaced, and one of nobody, are refused', async (t) => {
  const { plane } = await startTestSite(t);
  const { createHttpClient } = await import('@landfall/channel');
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  const identity = newIdentity();
  const first = await enrolAgent(token, identity);
  const second = await enrolAgent(token, identity);
  const post = async (certificatePem?: string) => {
    const credentials = certificatePem === undefined ? {} : { certificatePem, keyPem: identity.keyPem };
    const client = createHttpClient({ controlPlaneUrl: plane.url, caPem: plane.caPem, ...credentials });
    t.after(() => client.close());
    return client.post('/channel/commands', { waitMs: 0 }, { timeoutMs: 5000 });
  };
  assert.deepEqual(await post(second.certificatePem), { commands: [] });
  await assert.rejects(post(first.certificatePem), { code: 'PROGRAM_REVOKED' });
  await assert.rejects(post(), { code: 'CERTIFICATE_REQUIRED' });
});
