import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { GIB } from '@landfall/runtime';
import {
  describeProcessors,
  fqdnFromHosts,
  primaryInterface,
  readBootMode,
  readSourceProperties,
  recommendInstanceType,
} from './linux-source-properties.ts';

test('processors are counted by socket, with the name the kernel gives', () => {
  const core = (id: number) => `processor\t: 1\nmodel name\t: EPYC\nphysical id\t: ${id}\n`;
  assert.deepEqual(describeProcessors([core(0), core(0), core(1)].join('\n')), [
    { cores: 2, modelName: 'EPYC' },
    { cores: 1, modelName: 'EPYC' },
  ]);
});

test('the full name is taken from the line of /etc/hosts that has the short one', () => {
  assert.equal(fqdnFromHosts('127.0.1.1 web.example.org web # us\n', 'web'), 'web.example.org');
  assert.equal(fqdnFromHosts('127.0.0.1 localhost\n', 'web'), undefined);
});

test('the primary interface is the one of the default route', () => {
  const routes = 'Iface\tDestination\tGateway\neth1\t0000FEA9\t0\neth0\t00000000\t0202000A\n';
  assert.equal(primaryInterface(routes), 'eth0');
});

test('the proposed instance type is the smallest that has the processors and the memory', () => {
  assert.equal(recommendInstanceType(2, 4 * GIB), 't3.medium');
  assert.equal(recommendInstanceType(16, 8 * GIB), 'm5.4xlarge');
  assert.equal(recommendInstanceType(1000, GIB), 'm5.24xlarge');
});

test('firmware of UEFI leaves a folder in sysfs', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'firmware-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  assert.equal(readBootMode(folder), 'UEFI');
  assert.equal(readBootMode(join(folder, 'efi')), 'LEGACY_BIOS');
});

test('this server describes itself', async () => {
  const properties = await readSourceProperties([{ deviceName: '/dev/sda', sizeBytes: 7 }], 0);
  assert.deepEqual(properties.disks, [{ deviceName: '/dev/sda', bytes: 7 }]);
  assert.ok(properties.cpus.length > 0 && properties.ramBytes > 0);
  assert.match(properties.os.fullString, /\S+ \d+\.\d+/);
  assert.equal(properties.bootMode, readBootMode());
});
