import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { connect } from 'node:tls';
import { run, systemClock, systemRandom } from '@landfall/runtime';
import { shiftedClock } from '../testing/shifted-clock.ts';
import { startTestControlPlane, temporaryFolder } from '../testing/test-control-plane.ts';
import { waitFor } from '../testing/wait-for.ts';
import { certificateFingerprint, describeCertificate, generateKeyPair } from './certificate-authority.ts';
import { loadAuthority, loadServerCertificate } from './file-authority.ts';

test('openssl verifies what the authority issues, and reads who it is for', async (t) => {
  const stateDir = await temporaryFolder(t);
  const authority = await loadAuthority({ stateDir, clock: systemClock, random: systemRandom });
  const { publicKeyPem } = await generateKeyPair();
  const request = { commonName: 's-1', organizationalUnit: 'agent', publicKeyPem, addresses: [] };
  const path = join(stateDir, 'program.pem');
  await writeFile(path, await authority.issue(request));
  const ca = join(stateDir, 'ca.pem');
  const verified = await run(['openssl', 'verify', '-purpose', 'sslclient', '-CAfile', ca, path]);
  assert.equal(verified.exitCode, 0, verified.stderr);
  const asServer = await run(['openssl', 'verify', '-purpose', 'sslserver', '-CAfile', ca, path]);
  assert.notEqual(asServer.exitCode, 0, 'a program without addresses is no server');
  const shown = await run(['openssl', 'x509', '-in', path, '-noout', '-subject', '-fingerprint', '-sha256']);
  assert.match(shown.stdout, /CN = s-1, OU = agent/);
  assert.equal(
    /Fingerprint=(.*)/.exec(shown.stdout)?.[1]?.replaceAll(':', '').toLowerCase(),
    certificateFingerprint(await authority.issue(request).then(() => readPem(path))),
  );
});

async function readPem(path: string): Promise<string> {
  return (await run(['cat', path])).stdout;
}

test('the authority stays; the server certificate follows its addresses and keeps its key', async (t) => {
  const files = { stateDir: await temporaryFolder(t), clock: systemClock, random: systemRandom };
  const authority = await loadAuthority(files);
  assert.equal((await loadAuthority(files)).fingerprint, authority.fingerprint);
  const first = await loadServerCertificate(files, authority, ['127.0.0.1']);
  assert.deepEqual(await loadServerCertificate(files, authority, ['127.0.0.1']), first);
  const moved = await loadServerCertificate(files, authority, ['10.0.2.2', 'control.example.org', '::1']);
  assert.equal(moved.privateKeyPem, first.privateKeyPem);
  assert.notEqual(moved.certificatePem, first.certificatePem);
  const { addresses, publicKeyPem } = describeCertificate(moved.certificatePem);
  assert.ok(addresses.includes('10.0.2.2') && addresses.includes('control.example.org'));
  assert.equal(publicKeyPem, describeCertificate(first.certificatePem).publicKeyPem);
  assert.deepEqual(
    await loadServerCertificate(files, authority, ['10.0.2.2', 'control.example.org', '::1']),
    moved,
  );
});

test('a certificate authority without its key is refused, not replaced', async (t) => {
  const files = { stateDir: await temporaryFolder(t), clock: systemClock, random: systemRandom };
  await loadAuthority(files);
  await run(['rm', join(files.stateDir, 'ca-key.pem')]);
  await assert.rejects(loadAuthority(files), { code: 'STATE_UNREADABLE' });
});

const DAY_MS = 86_400_000;

test('I3: the root is renewed over its key, and both verify what either issued', async (t) => {
  const clock = shiftedClock();
  const files = { stateDir: await temporaryFolder(t), clock, random: systemRandom };
  const path = (name: string) => join(files.stateDir, name);
  const issue = async (authority: Awaited<ReturnType<typeof loadAuthority>>, name: string) => {
    const { publicKeyPem } = await generateKeyPair();
    const request = { commonName: 's-1', organizationalUnit: 'agent', publicKeyPem, addresses: [] };
    await writeFile(path(name), await authority.issue(request));
  };
  const first = await loadAuthority(files);
  await writeFile(path('old-ca.pem'), first.certificatePem);
  clock.shiftMs = 6 * 365 * DAY_MS;
  assert.equal((await loadAuthority(files)).fingerprint, first.fingerprint, 'not yet');
  await issue(first, 'old.pem');
  clock.shiftMs = 7 * 365 * DAY_MS;
  const second = await loadAuthority(files);
  assert.notEqual(second.fingerprint, first.fingerprint);
  assert.equal(second.certificatePem, await readFile(path('ca.pem'), 'utf8'));
  assert.equal((await loadAuthority(files)).fingerprint, second.fingerprint, 'renewed once');
  await issue(second, 'new.pem');
  const at = (name: string) => {
    const { validFromDate, validToDate } = new X509Certificate(name);
    return String(Math.floor((validFromDate.getTime() + validToDate.getTime()) / 2000));
  };
  for (const ca of ['old-ca.pem', 'ca.pem']) {
    const moment = at(await readFile(path('new.pem'), 'utf8'));
    const time = ['-attime', moment];
    const verified = await run(['openssl', 'verify', ...time, '-CAfile', path(ca), path('new.pem')]);
    assert.equal(verified.exitCode, 0, `${ca} new.pem: ${verified.stderr}`);
  }
  // The old certificate's term has ended by then; that its signature fits the new root is what matters.
  const ignoring = ['-no_check_time', '-CAfile', path('ca.pem'), path('old.pem')];
  const old = await run(['openssl', 'verify', ...ignoring]);
  assert.equal(old.exitCode, 0, old.stderr);
  const { validToDate } = new X509Certificate(second.certificatePem);
  clock.shiftMs = validToDate.getTime() - systemClock.nowMs() - DAY_MS;
  await issue(second, 'last.pem');
  const last = new X509Certificate(await readFile(path('last.pem'), 'utf8'));
  assert.equal(last.validTo, new X509Certificate(second.certificatePem).validTo, 'nothing outlives its root');
});

test('certificates issued while the clock was ahead are replaced when it is right again', async (t) => {
  const clock = shiftedClock();
  clock.shiftMs = 400 * DAY_MS;
  const files = { stateDir: await temporaryFolder(t), clock, random: systemRandom };
  const ahead = await loadAuthority(files);
  const serving = await loadServerCertificate(files, ahead, ['127.0.0.1']);
  clock.shiftMs = 0;
  const right = await loadAuthority(files);
  assert.notEqual(right.fingerprint, ahead.fingerprint);
  const again = await loadServerCertificate(files, right, ['127.0.0.1']);
  assert.notEqual(again.certificatePem, serving.certificatePem);
  assert.ok(new X509Certificate(again.certificatePem).validFromDate.getTime() <= systemClock.nowMs());
});

test('a control plane that runs for years renews its own certificates and tokens while it serves', async (t) => {
  const clock = shiftedClock();
  const plane = await startTestControlPlane(t, { clock });
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      // Its dates are of another year than this test's: only whether it changes is looked at.
      const socket = connect({ host: '127.0.0.1', port: plane.port, rejectUnauthorized: false });
      socket.on('error', reject);
      socket.once('secureConnect', () => {
        resolve(socket.getPeerX509Certificate()?.toString() ?? '');
        socket.destroy();
      });
    });
  const before = await shown();
  const token = await plane.token('launch-host');
  clock.shiftMs = 61 * DAY_MS;
  const renewed = await waitFor('a new server certificate', shown, (pem) => pem !== before);
  assert.ok(
    new X509Certificate(before).publicKey.equals(new X509Certificate(renewed).publicKey),
    'pins hold',
  );
  assert.equal(await plane.token('launch-host'), token, 'the root is the same');
  clock.shiftMs = 7 * 365 * DAY_MS;
  const other = await waitFor(
    'a token with the new root',
    () => plane.token('launch-host'),
    (text) => text !== token,
  );
  assert.notEqual(other, token);
});
