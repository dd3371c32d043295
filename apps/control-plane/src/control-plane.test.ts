import assert from 'node:assert/strict';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { temporaryFolder } from './testing/test-control-plane.ts';

test('what cannot be ended keeps nothing else from ending', async (t) => {
  const stateDir = await temporaryFolder(t);
  const start = (port: number): Promise<ControlPlane> =>
    startControlPlane({
      ...{ stateDir, listen: '127.0.0.1', port, addresses: ['127.0.0.1'], region: 'us-east-1' },
      log: silentLogger,
    });
  const first = await start(0);
  const file = join(stateDir, 'control-plane.json');
  await rm(file);
  await mkdir(file);
  await assert.rejects(first.close(), { code: 'ERR_FS_EISDIR' });
  await rmdir(file);
  const second = await start(first.port);
  assert.equal(second.port, first.port, 'nothing of the first listens there');
  await second.close();
});
