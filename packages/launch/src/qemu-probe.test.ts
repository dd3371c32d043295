import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@landfall/runtime';
import { HostProbe, probeAccelerator } from './qemu-probe.ts';

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

test('without a KVM to try, the reason says what is missing, and nothing is kept of it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'probe-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const cache = join(folder, 'accelerator.json');
  const reasonWith = async (flags: string) => {
    const processors = join(folder, 'cpuinfo');
    await writeFile(processors, `processor\t: 0\nflags\t\t: fpu ${flags} sse\n`);
    const ground = { device: join(folder, 'kvm'), processors };
    const { accelerator, reason } = await probeAccelerator(cache, silentLogger, ground);
    assert.equal(accelerator, 'tcg');
    return reason;
  };
  assert.match(await reasonWith('vmx'), /there is no \S+kvm: the kernel's module kvm_intel is not loaded/);
  assert.match(await reasonWith('svm'), /kvm_amd is not loaded/);
  assert.match(await reasonWith('vme'), /the processors show no virtualization \(vmx or svm\)/);
  assert.equal(existsSync(cache), false, 'it may be there the next time');
});

test('all of it is told: accelerator with its reason, processors, memory', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'probe-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const options = { probePath: join(folder, 'accelerator.json'), logger: silentLogger } as const;
  const facts = await new HostProbe({ ...options, accelerator: 'tcg', uefiFirmware: [] }).describe();
  assert.equal(facts.reason, 'as this launch host was told');
  assert.deepEqual(
    facts.firmware.map(({ bootMode }) => bootMode),
    ['LEGACY_BIOS'],
  );
  assert.ok(facts.cpuCount >= 1);
  assert.ok(facts.freeMemoryBytes > 0 && facts.freeMemoryBytes <= facts.memoryBytes);
});
