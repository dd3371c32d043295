import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MachineSpecification } from '@landfall/channel';
import fc from 'fast-check';
import {
  conversionSettings,
  type KeptConversion,
  keptDisks,
  misfitOf,
  surplusOf,
} from './kept-conversion.ts';

const DISK = {
  diskId: 'disk-0',
  deviceName: '/dev/sda',
  sizeBytes: 1024,
  isBootDisk: true,
  nbdUri: 'nbd://a/b',
};
const POINT = { sourceServerId: 's-1', epoch: 7, cutTimeMs: 1000 };
const SPECIFICATION: MachineSpecification = {
  ...{ machineId: 'i-0123456789abcdef0', name: 'server', purpose: 'PROOF', disks: [DISK] },
  ...{
    cpuCount: 1,
    memoryBytes: 2 ** 28,
    bootMode: 'USE_SOURCE',
    disposition: 'STARTED',
    publishedPorts: [],
  },
  recoveryPoint: POINT,
};
const KEPT: KeptConversion = {
  ...{ version: 2, name: 's-1.7.1000', keptAtMs: 1, programVersion: '1', recoveryPoint: POINT },
  ...{ disks: keptDisks(SPECIFICATION), settings: conversionSettings(SPECIFICATION) },
  ...{ macAddress: '52:54:00:00:00:01', bytes: 10 },
  conversion: { done: true, steps: [], bootMode: 'LEGACY_BIOS' },
};

test('K1: what a conversion does not depend on may differ', () => {
  const others: readonly Partial<MachineSpecification>[] = [
    {},
    { machineId: 'i-0123456789abcdef1', purpose: 'TEST', cpuCount: 8, publishedPorts: [80], name: 'x' },
    { disks: [{ ...DISK, nbdUri: 'nbd://c/d', deviceName: '/dev/vda' }] },
    { recoveryPoint: { cutTimeMs: 1000, epoch: 7, sourceServerId: 's-1' } },
    { network: { macAddress: KEPT.macAddress, networkName: 'lab' } },
    { conversionMethod: 'AUTOMATIC', postLaunchScripts: [], preparesForScripts: false },
  ];
  for (const change of others) {
    assert.equal(misfitOf(KEPT, { ...SPECIFICATION, ...change }, '1'), undefined, JSON.stringify(change));
  }
});

test('K1: what is ready for scripts serves any machine, what is not none that has some', () => {
  const script = {
    ...{ actionId: 'action-1', name: 'check', order: 1, script: '#!/bin/sh\n', parameters: { id: 'i-1' } },
    ...{ timeoutSeconds: 60, mustSucceed: true },
  };
  const withScripts = { ...SPECIFICATION, postLaunchScripts: [script] };
  assert.match(misfitOf(KEPT, withScripts, '1') ?? '', /runsScripts/);
  const settings = conversionSettings({ ...SPECIFICATION, preparesForScripts: true });
  const ready = { ...KEPT, settings };
  assert.equal(misfitOf(ready, withScripts, '1'), undefined);
  const others = [
    { ...script, parameters: { id: 'i-2' }, order: 7 },
    { ...script, actionId: 'action-2' },
  ];
  assert.equal(misfitOf(ready, { ...SPECIFICATION, postLaunchScripts: others }, '1'), undefined);
  assert.equal(misfitOf(ready, SPECIFICATION, '1'), undefined, 'without any');
});

test('K1: another point, disk, setting, address or release does not fit, and is named', () => {
  const { recoveryPoint: _, ...pointless } = SPECIFICATION;
  const wrong: readonly (readonly [Partial<MachineSpecification>, RegExp])[] = [
    [{ recoveryPoint: { ...POINT, epoch: 8 } }, /recovery point/],
    [{ recoveryPoint: { ...POINT, cutTimeMs: 1001 } }, /recovery point/],
    [{ recoveryPoint: { ...POINT, sourceServerId: 's-2' } }, /recovery point/],
    [{ disks: [{ ...DISK, sizeBytes: 2048 }] }, /disks/],
    [{ disks: [DISK, { ...DISK, diskId: 'disk-1', isBootDisk: false }] }, /disks/],
    [{ bootMode: 'UEFI' }, /bootMode/],
    [{ conversionMethod: 'VIRT_V2V' }, /conversionMethod/],
    [{ hardware: 'COMPATIBLE' }, /hardware/],
    [{ network: { macAddress: '52:54:00:00:00:02' } }, /MAC address/],
    [{ network: { addresses: [{ address: '192.0.2.1/24' }] } }, /addresses/],
  ];
  for (const [change, expected] of wrong) {
    assert.match(misfitOf(KEPT, { ...SPECIFICATION, ...change }, '1') ?? '', expected);
  }
  assert.match(misfitOf(KEPT, pointless, '1') ?? '', /recovery point/);
  assert.match(misfitOf(KEPT, SPECIFICATION, '2') ?? '', /release/);
});

test('the oldest go first, until both limits hold, and none goes without need', () => {
  const entry = fc.record({ server: fc.integer({ min: 0, max: 3 }), bytes: fc.integer({ min: 1, max: 50 }) });
  const limits = { perServerMax: 2, bytesMax: 100 };
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
      const kept = entries.map(({ server, bytes }, index) => ({
        ...{ ...KEPT, name: `k${index}`, keptAtMs: index, bytes },
        recoveryPoint: { ...POINT, sourceServerId: `s-${server}` },
      }));
      const surplus = surplusOf(kept, limits);
      const stays = kept.filter((one) => !surplus.includes(one));
      const countOf = (id: string) => stays.filter((one) => one.recoveryPoint.sourceServerId === id).length;
      const bytes = stays.reduce((sum, one) => sum + one.bytes, 0);
      assert.ok(bytes <= limits.bytesMax);
      for (const { recoveryPoint } of kept) assert.ok(countOf(recoveryPoint.sourceServerId) <= 2);
      for (const gone of surplus) {
        const newer = stays.filter(({ keptAtMs }) => keptAtMs > gone.keptAtMs);
        const sameServer = newer.filter(
          (one) => one.recoveryPoint.sourceServerId === gone.recoveryPoint.sourceServerId,
        );
        const newerBytes = newer.reduce((sum, one) => sum + one.bytes, 0);
        assert.ok(sameServer.length >= 2 || newerBytes + gone.bytes > limits.bytesMax, gone.name);
      }
      const last = kept.at(-1);
      assert.ok(last === undefined || stays.includes(last), 'what was just kept stays');
    }),
  );
});
