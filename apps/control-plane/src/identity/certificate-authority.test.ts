import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { run, systemClock, systemRandom } from '@landfall/runtime';
import { temporaryFolder } from '../testing/test-control-plane.ts';
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
