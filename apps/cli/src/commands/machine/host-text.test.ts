import assert from 'node:assert/strict';
import test from 'node:test';
import type { Landfall } from '@landfall/api';
import { GIB } from '@landfall/runtime';
import { formatTable } from '../../terminal/table.ts';
import { HOST_COLUMNS, hostFacts } from './host-text.ts';

const HOST: Landfall.LaunchHostItem = {
  ...{ launchHostID: 'host-1', connected: true, version: '0.1.0', hostKind: 'qemu' },
  ...{ hostVersion: 'QEMU 7.2.22', accelerator: 'tcg', acceleratorReason: 'there is no /dev/kvm: none' },
  firmware: [{ bootMode: 'LEGACY_BIOS', files: ['/usr/share/seabios/bios-256k.bin'] }],
  ...{ machineTypes: ['pc', 'q35'], networks: [{ name: 'user', kind: 'USER' }] },
  ...{ cpuCount: 4, loadPerProcessor: 0.5, memoryBytes: 16 * GIB, freeMemoryBytes: 8 * GIB },
  ...{ diskTotalBytes: 100 * GIB, diskFreeBytes: 60 * GIB, machines: 2 },
  ...{ readyAppliance: 'NONE', readyApplianceReason: 'it was turned off' },
};

const factsOf = (host: Landfall.LaunchHostItem) => new Map(hostFacts(host));

test('a launch host says what it can, and what it lacks with what to do', () => {
  const facts = factsOf(HOST);
  assert.equal(facts.get('accelerator'), 'tcg: there is no /dev/kvm: none');
  assert.equal(
    facts.get('firmware'),
    'BIOS: /usr/share/seabios/bios-256k.bin\nUEFI: none, install the package ovmf',
  );
  assert.equal(facts.get('processors'), '4, load 0.50 for each');
  assert.match(String(facts.get('memory')), /^8\S* GiB free of 16\S* GiB$/);
  assert.match(String(facts.get('disk')), /^60\S* GiB free of 100\S* GiB$/);
  assert.equal(facts.get('appliance'), 'none: it was turned off');
  const { readyApplianceReason: _, ...rest } = HOST;
  assert.equal(factsOf({ ...rest, readyAppliance: 'READY' }).get('appliance'), 'stands ready');
});

test('one of an older release, or never heard of, has gaps and nothing made up', () => {
  const older = {
    launchHostID: 'host-2',
    connected: true,
    accelerator: 'kvm',
    freeMemoryBytes: GIB,
  } as const;
  assert.equal(factsOf(older).get('accelerator'), 'kvm');
  assert.equal(factsOf(older).get('firmware'), undefined);
  assert.equal(factsOf(older).get('appliance'), undefined);
  assert.match(String(factsOf(older).get('memory')), /^1\S* GiB free$/);
  const table = formatTable([HOST, older, { launchHostID: 'host-3', connected: false }], HOST_COLUMNS);
  assert.match(table, /host-1 +yes +QEMU 7\.2\.22 +tcg +BIOS +4 /);
  assert.match(table, /host-3 +no/);
});
