import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { HostProbe } from './qemu-probe.ts';

test('firmware that is installed later is found without a restart', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'probe-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [codePath, variablesPath] = [join(folder, 'CODE.fd'), join(folder, 'VARS.fd')];
  const options = { probePath: join(folder, 'accelerator.json'), logger: silentLogger } as const;
  const probe = new HostProbe({ ...options, accelerator: 'tcg', uefiFirmware: [[codePath, variablesPath]] });
  assert.equal((await probe.findOut()).uefi, undefined);
  await writeFile(codePath, '');
  assert.equal((await probe.findOut()).uefi, undefined, 'one file of it is not enough');
  await writeFile(variablesPath, '');
  const found = await probe.findOut();
  assert.deepEqual(found.uefi, { codePath, variablesPath });
  assert.equal(found.accelerator, 'tcg');
});
