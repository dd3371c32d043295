import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestInspection } from './inspection.ts';
import { findInterfaces, ifupdownToDhcp } from './network-configuration.ts';
import { planNetwork } from './plan-network.ts';

const TARGET = {
  macAddress: '52:54:00:aa:bb:cc',
  address: { address: '10.0.2.15', netmask: '255.255.255.0', gateway: '10.0.2.2' },
};
const ROOT = { device: '/dev/sda1', type: 'ext4', uuid: '1', label: undefined, partUuid: undefined };
const LINK = '/etc/systemd/network/10-landfall-launch.link';
const STATIC_IFUPDOWN = `source /etc/network/interfaces.d/*
auto lo
iface lo inet loopback

auto ens20
iface ens20 inet static
    address 192.168.1.9/24
    gateway 192.168.1.1
    dns-nameservers 1.1.1.1
    post-up /usr/local/bin/hook

iface ens21 inet static
    address 10.9.9.9/24
`;

function guest(files: Readonly<Record<string, string>>, present: readonly string[] = []): GuestInspection {
  return {
    disks: [],
    filesystems: [ROOT],
    root: ROOT,
    os: { id: 'debian', versionId: '12', prettyName: 'Debian 12' },
    kernels: [],
    initramfsBuilder: 'unknown',
    files: new Map(Object.entries(files)),
    present: new Set(present),
    hasBiosBootCode: true,
    hasEfiPartition: false,
  };
}

function writes(inspection: GuestInspection): Record<string, string> {
  const { steps } = planNetwork(inspection, TARGET);
  return Object.fromEntries(
    steps.map((step) => [
      step.kind === 'MOVE' ? `${step.from} >` : 'path' in step ? step.path : '',
      step.kind === 'WRITE_FILE' ? step.text : '',
    ]),
  );
}

test('the new interface takes the name that the configuration already uses', () => {
  const written = writes(guest({ '/etc/network/interfaces': 'auto ens20\niface ens20 inet dhcp\n' }));
  assert.deepEqual(Object.keys(written), [LINK]);
  assert.match(written[LINK] ?? '', /MACAddress=52:54:00:aa:bb:cc[\s\S]*Name=ens20/);
});

test('a static ifupdown address becomes DHCP, hooks and other interfaces stay', () => {
  const text = ifupdownToDhcp(STATIC_IFUPDOWN, 'ens20');
  assert.match(text, /iface ens20 inet dhcp\n {4}post-up \/usr\/local\/bin\/hook\n/);
  assert.doesNotMatch(text, /192\.168|1\.1\.1\.1/);
  assert.match(text, /iface ens21 inet static\n {4}address 10\.9\.9\.9/);
  const inspection = guest({ '/etc/network/interfaces': STATIC_IFUPDOWN }, ['/sbin/dhclient']);
  assert.equal(writes(inspection)['/etc/network/interfaces'], text);
  assert.deepEqual(planNetwork(inspection, TARGET).notes.length, 1);
});

test("a static ifupdown guest without a DHCP client gets the target network's address", () => {
  const written = writes(guest({ '/etc/network/interfaces': STATIC_IFUPDOWN }));
  assert.match(
    written['/etc/network/interfaces'] ?? '',
    /iface ens20 inet static\n {4}address 10\.0\.2\.15\n/,
  );
});

test('netplan by name with DHCP needs only the name; by MAC or static it is written anew', () => {
  const simple = 'network:\n  version: 2\n  ethernets:\n    enp1s0:\n      dhcp4: true\n';
  assert.deepEqual(Object.keys(writes(guest({ '/etc/netplan/01.yaml': simple }))), [LINK]);
  const byMac = `network:
  ethernets:
    eth0:
      match:
        macaddress: "00:11:22:33:44:55"
      dhcp4: true
      set-name: eth0
  version: 2
`;
  const written = writes(guest({ '/etc/netplan/50-cloud-init.yaml': byMac }, ['/etc/cloud/cloud.cfg']));
  assert.ok('/etc/netplan/50-cloud-init.yaml >' in written);
  assert.match(
    written['/etc/netplan/50-landfall-launch.yaml'] ?? '',
    /eth0:[\s\S]*52:54:00:aa:bb:cc[\s\S]*dhcp4: true/,
  );
  assert.match(written['/etc/cloud/cloud.cfg.d/99-landfall-network.cfg'] ?? '', /disabled/);
});

test('networkd and NetworkManager get a file of their own for the new MAC address', () => {
  const networkd = guest({
    '/etc/systemd/network/lan.network': '[Match]\nName=ens3\n\n[Network]\nAddress=10.1.1.2/24\n',
  });
  assert.match(writes(networkd)['/etc/systemd/network/05-landfall-launch.network'] ?? '', /DHCP=ipv4/);
  const path = '/etc/NetworkManager/system-connections/lan.nmconnection';
  const manager = guest({
    [path]: '[connection]\ntype=ethernet\ninterface-name=ens3\n[ipv4]\nmethod=manual\naddress1=10.1.1.2/24\n',
  });
  const file = writes(manager)['/etc/NetworkManager/system-connections/landfall-launch.nmconnection'];
  assert.match(file ?? '', /mac-address=52:54:00:AA:BB:CC/);
});

test("interfaces made by software are not taken for the machine's own", () => {
  const files = new Map([
    [
      '/etc/network/interfaces',
      'iface lo inet loopback\niface br0 inet static\niface ens20.100 inet dhcp\niface eno1 inet manual\n',
    ],
  ]);
  assert.deepEqual(
    findInterfaces(files).map((each) => each.name),
    ['eno1'],
  );
});

test('a guest without network configuration is left to decide for itself', () => {
  assert.deepEqual(planNetwork(guest({}), TARGET).steps, []);
});
