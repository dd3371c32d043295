import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { decodeEnrolmentToken } from '@landfall/channel';
import { silentLogger } from '@landfall/runtime';
import { startControlPlane } from './control-plane.ts';
import { cleanUpAfter } from './testing/clean-up.ts';
import { temporaryFolder } from './testing/test-control-plane.ts';

test('programs on this machine are told the local address, others the first public one', async (t) => {
  const stateDir = await temporaryFolder(t);
  const addresses = ['10.0.2.2', '127.0.0.1'];
  const start = () =>
    startControlPlane({
      stateDir,
      listen: '127.0.0.1',
      port: 0,
      addresses,
      region: 'us-east-1',
      log: silentLogger,
    });
  const first = await start();
  cleanUpAfter(t, () => first.close());
  const local = `https://127.0.0.1:${first.port}`;
  const read = (path: string) => readFile(join(stateDir, path), 'utf8');
  const token = decodeEnrolmentToken(await read('tokens/launch-host'));
  assert.equal(token.controlPlaneUrl, local);
  const admin = JSON.parse(await read('admin-credentials.json'));
  assert.equal(admin.endpoint, local);
  const running = JSON.parse(await read('control-plane.json'));
  assert.equal(running.url, `https://10.0.2.2:${first.port}`);
  assert.equal(running.caFingerprint, token.caFingerprint);
  const secrets = [
    'admin-credentials.json',
    'ca-key.pem',
    'identity-key',
    'server-key.pem',
    'tokens/launch-host',
  ];
  for (const path of secrets) {
    assert.equal((await stat(join(stateDir, path))).mode & 0o777, 0o600, path);
  }
  await first.close();
  const second = await start();
  cleanUpAfter(t, () => second.close());
  const again = decodeEnrolmentToken(await read('tokens/launch-host'));
  assert.equal(again.secret, token.secret);
  assert.equal(again.controlPlaneUrl, `https://127.0.0.1:${second.port}`);
  assert.equal(JSON.parse(await read('admin-credentials.json')).secretAccessKey, admin.secretAccessKey);
});
