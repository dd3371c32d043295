import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asLibvirtHasIt, parseCapabilities, parseLibvirtVersion } from './libvirt-capabilities.ts';

const XML = `<capabilities>
  <guest>
    <os_type>hvm</os_type>
    <arch name='i686'><machine maxCpus='255'>isapc</machine><domain type='kvm'/></arch>
  </guest>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <machine maxCpus='255'>pc-i440fx-7.2</machine>
      <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>
      <machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>
      <domain type='qemu'/>
    </arch>
  </guest>
</capabilities>`;

test('machine types and KVM are those of the guests we start, not of others', () => {
  assert.deepEqual(parseCapabilities(XML), { machineTypes: ['pc', 'q35'], hasKvm: false });
  const withKvm = XML.replace("<domain type='qemu'/>", "<domain type='qemu'/><domain type='kvm'/>");
  assert.equal(parseCapabilities(withKvm).hasKvm, true);
  assert.deepEqual(parseCapabilities('<capabilities/>'), { machineTypes: [], hasKvm: false });
});

test('the version names libvirt and its hypervisor', () => {
  const said = `Compiled against library: libvirt 9.0.0
Using library: libvirt 9.0.0
Using API: QEMU 9.0.0
Running hypervisor: QEMU 7.2.22`;
  assert.equal(parseLibvirtVersion(said), 'libvirt 9.0.0, QEMU 7.2.22');
});

test('a KVM that works here is of no use without libvirt', () => {
  const worked = { accelerator: 'kvm', reason: 'a Linux kernel ran under KVM in 900 ms' } as const;
  assert.deepEqual(asLibvirtHasIt(worked, true), worked);
  const without = asLibvirtHasIt(worked, false);
  assert.equal(without.accelerator, 'tcg');
  assert.match(without.reason, /libvirt has no machines of type kvm, though a Linux kernel ran/);
});
