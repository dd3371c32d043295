import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkReport } from '../channel/check-message.ts';
import { startTestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

const REPORT = { version: '0.1.0', accelerator: 'tcg', freeMemoryBytes: 2 ** 30, machines: [] };
const CAPABILITIES = {
  ...{ kind: 'libvirt', version: 'libvirt 9.0.0, QEMU 7.2.22', acceleratorReason: 'there is no /dev/kvm' },
  firmware: [{ bootMode: 'UEFI', files: ['/code.fd', '/vars.fd'] }],
  ...{ machineTypes: ['pc'], cpuCount: 2, memoryBytes: 2 ** 31, diskTotalBytes: 2 ** 40, diskFreeBytes: 0 },
  ...{ readyAppliance: 'NONE', readyApplianceReason: 'it was turned off' },
};

test('DescribeService says what a launch host can and why not more', async (t) => {
  const site = await startTestSite(t);
  const [host] = (await site.plane.api.landfall('DescribeService', {})).launchHosts;
  const { hostKind, hostVersion, acceleratorReason, machineTypes, cpuCount } = host ?? {};
  assert.deepEqual([hostKind, hostVersion, cpuCount], ['qemu', 'QEMU 7.2.0', 4]);
  assert.match(acceleratorReason ?? '', /no \/dev\/kvm/);
  assert.deepEqual(machineTypes, ['pc', 'q35']);
  assert.deepEqual(host?.firmware, [
    { bootMode: 'LEGACY_BIOS', files: ['/usr/share/seabios/bios-256k.bin'] },
  ]);
  assert.ok(host?.networks?.some(({ name, kind }) => name === 'lab' && kind === 'BRIDGE'));
  assert.ok((host?.diskFreeBytes ?? 0) < (host?.diskTotalBytes ?? 0));
  assert.equal(host?.readyAppliance, 'READY');
});

test('a launch host of an older release is shown with what it says, and launches', async (t) => {
  const site = await startTestSite(t);
  const { api } = site.plane;
  site.host.capabilities = undefined;
  const read = async () => (await api.landfall('DescribeService', {})).launchHosts[0];
  const host = await waitFor('an older report', read, (found) => found?.hostKind === undefined);
  assert.deepEqual([host?.connected, host?.accelerator, host?.firmware], [true, 'tcg', undefined]);
  const agent = await site.addAgent();
  const { job } = await api.landfall('StartLaunch', {
    sourceServerID: agent.sourceServerId,
    purpose: 'TEST',
  });
  await site.untilJobEnds(job.jobID);
  assert.equal((await api.landfall('DescribeLaunchedMachines', {})).items[0]?.phase, 'RUNNING');
});

test('capabilities are checked where they are told, and may be absent', () => {
  assert.equal(checkReport('launch-host', REPORT).capabilities, undefined);
  const whole = { ...REPORT, capabilities: CAPABILITIES };
  assert.deepEqual(checkReport('launch-host', whole).capabilities, CAPABILITIES);
  for (const change of [
    { memoryBytes: -1 },
    { firmware: [{ bootMode: 'UEFI' }] },
    { acceleratorReason: 1 },
  ]) {
    const wrong = { ...REPORT, capabilities: { ...CAPABILITIES, ...change } };
    assert.throws(
      () => checkReport('launch-host', wrong),
      { code: 'REQUEST_INVALID' },
      JSON.stringify(change),
    );
  }
});
