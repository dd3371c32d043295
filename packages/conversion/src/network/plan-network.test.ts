import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspectionOf } from '../guest/golden-guests.testing.ts';
import { applied } from '../plan/applied-inspection.testing.ts';
import {
  ARCH_NETWORKD,
  BRIDGED_IFUPDOWN,
  CENTOS_6_IFCFG,
  CENTOS_IFCFG,
  DEBIAN_IFUPDOWN,
  GOLDEN_NETWORKS,
  type GoldenNetwork,
  RHEL_KEYFILE,
  SUSE_IFCFG,
  UBUNTU_NETPLAN,
} from './golden-networks.testing.ts';
import type { KeptAddress } from './network-address.ts';
import { findInterfaces } from './network-configuration.ts';
import { planNetwork } from './plan-network.ts';

const TARGET = {
  macAddress: '52:54:00:aa:bb:cc',
  given: { address: '10.0.2.15/24', gateway: '10.0.2.2' },
};
/** As the control plane sends the source's own. */
const KEPT: readonly KeptAddress[] = [
  { address: '192.168.1.9/24', gateway: '192.168.1.1', nameServers: ['192.168.1.53', '2001:db8:1::53'] },
  { address: '192.168.1.10/24' },
  { address: '2001:db8:1::9/64', gateway: '2001:db8:1::1' },
];
const LINK = '/etc/systemd/network/10-landfall-launch.link';

/** `moved` stands for a file that is put aside. */
function changes(network: GoldenNetwork, addresses?: readonly KeptAddress[]): Record<string, string> {
  const inspection = inspectionOf(network);
  const { steps } = planNetwork(inspection, { ...TARGET, ...(addresses === undefined ? {} : { addresses }) });
  return Object.fromEntries(
    steps.map((step) => {
      if (step.kind === 'MOVE') return [step.from, 'moved'];
      assert.equal(step.kind, 'WRITE_FILE');
      return step.kind === 'WRITE_FILE' ? [step.path, step.text] : [];
    }),
  );
}

function linkOf(name: string): string {
  return `# Written by Landfall: the launched machine's interface keeps the name it had on the source server.
[Match]
MACAddress=52:54:00:aa:bb:cc

[Link]
Name=${name}
`;
}

test('ifupdown: static becomes DHCP in place; hooks, comments and other interfaces stay', () => {
  const written = changes(DEBIAN_IFUPDOWN);
  assert.deepEqual(Object.keys(written), [LINK, '/etc/network/interfaces']);
  assert.equal(written[LINK], linkOf('ens192'));
  assert.equal(
    written['/etc/network/interfaces'],
    `source /etc/network/interfaces.d/*

# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug ens192
iface ens192 inet dhcp
\tpost-up /usr/local/bin/hook
iface ens192 inet6 auto
\taccept_ra 0

auto ens224
iface ens224 inet static
\taddress 10.9.9.9/24
`,
  );
});

test("ifupdown: the source's own addresses, several and of both kinds, with gateways and name servers", () => {
  const written = changes(DEBIAN_IFUPDOWN, KEPT);
  assert.match(
    written['/etc/network/interfaces'] ?? '',
    new RegExp(
      [
        'iface ens192 inet static',
        '    address 192\\.168\\.1\\.9/24',
        '    gateway 192\\.168\\.1\\.1',
        '    dns-nameservers 192\\.168\\.1\\.53 2001:db8:1::53',
        '\tpost-up /usr/local/bin/hook',
        'iface ens192 inet static',
        '    address 192\\.168\\.1\\.10/24',
        'iface ens192 inet6 static',
        '    address 2001:db8:1::9/64',
        '    gateway 2001:db8:1::1',
        '\taccept_ra 0',
      ].join('\\n'),
    ),
  );
  assert.equal(
    written['/etc/resolv.conf'],
    'search example.com\nnameserver 192.168.1.53\nnameserver 2001:db8:1::53\n',
  );
  const managed = { ...DEBIAN_IFUPDOWN, present: ['/sbin/resolvconf'] };
  assert.ok(!('/etc/resolv.conf' in changes(managed, KEPT)), 'what resolvconf writes is left to it');
});

test('by name and DHCP only the name is needed', () => {
  const simple = 'network:\n  version: 2\n  ethernets:\n    enp1s0:\n      dhcp4: true\n';
  const guests: readonly [Readonly<Record<string, string>>, string][] = [
    [{ '/etc/network/interfaces': 'auto ens20\niface ens20 inet dhcp\n' }, 'ens20'],
    [{ '/etc/netplan/01.yaml': simple }, 'enp1s0'],
    [{ '/etc/systemd/network/a.network': '[Match]\nName=ens3\n[Network]\nDHCP=yes\n' }, 'ens3'],
    [{ '/etc/sysconfig/network-scripts/ifcfg-eth0': 'DEVICE=eth0\nBOOTPROTO=dhcp\n' }, 'eth0'],
    [{ '/etc/sysconfig/network/ifcfg-eth0': "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n" }, 'eth0'],
  ];
  for (const [files, name] of guests) assert.deepEqual(changes({ files }), { [LINK]: linkOf(name) });
  const byPattern = { '/etc/systemd/network/a.network': '[Match]\nName=en*\n[Network]\nDHCP=yes\n' };
  assert.deepEqual(changes({ files: byPattern }), {}, 'a pattern finds the interface by itself');
});

test("an interface that is given the source's MAC address does not keep it", () => {
  const folder = '/etc/NetworkManager/system-connections';
  const guests: readonly Readonly<Record<string, string>>[] = [
    { '/etc/network/interfaces': 'iface ens3 inet dhcp\n    hwaddress ether 00:50:56:aa:bb:cc\n' },
    { '/etc/network/interfaces': 'iface ens3 inet dhcp\nhwaddress ether 00:50:56:aa:bb:cc\n' },
    {
      '/etc/netplan/a.yaml':
        'network:\n  ethernets:\n    e:\n      dhcp4: true\n      macaddress: 00:50:56:aa:bb:cc\n',
    },
    { '/etc/sysconfig/network-scripts/ifcfg-e': 'BOOTPROTO=dhcp\nMACADDR=00:50:56:aa:bb:cc\n' },
    { '/etc/sysconfig/network/ifcfg-e': "BOOTPROTO='dhcp'\nLLADDR='00:50:56:aa:bb:cc'\n" },
    { [`${folder}/e`]: '[connection]\ntype=ethernet\n[ethernet]\ncloned-mac-address=00:50:56:aa:bb:cc\n' },
  ];
  for (const files of guests) {
    const [path = ''] = Object.keys(files);
    const written = changes({ files });
    assert.doesNotMatch(Object.values(written).join('\n'), /00:50:56/, path);
    assert.ok(path in written, path);
  }
});

test('netplan: a file of ours takes the place of all others, and cloud-init leaves it alone', () => {
  const written = changes(UBUNTU_NETPLAN);
  assert.equal(written['/etc/netplan/50-cloud-init.yaml'], 'moved');
  assert.equal(
    written['/etc/netplan/50-landfall-launch.yaml'],
    `# Written by Landfall for the launched machine; the source server's files are beside it.
network:
  version: 2
  ethernets:
    ens160:
      match:
        macaddress: "52:54:00:aa:bb:cc"
      set-name: ens160
      dhcp4: true
`,
  );
  assert.match(written['/etc/cloud/cloud.cfg.d/99-landfall-network.cfg'] ?? '', /disabled/);
  const kept = changes(UBUNTU_NETPLAN, KEPT)['/etc/netplan/50-landfall-launch.yaml'] ?? '';
  assert.ok(
    kept.endsWith(`      set-name: ens160
      addresses:
        - "192.168.1.9/24"
        - "192.168.1.10/24"
        - "2001:db8:1::9/64"
      routes:
        - to: "0.0.0.0/0"
          via: "192.168.1.1"
        - to: "::/0"
          via: "2001:db8:1::1"
      nameservers:
        addresses:
          - "192.168.1.53"
          - "2001:db8:1::53"
`),
    kept,
  );
});

test('networkd: a file that comes before all others, by MAC address', () => {
  const path = '/etc/systemd/network/0-landfall-launch.network';
  const head = '# Written by Landfall for the launched machine.\n[Match]\nMACAddress=52:54:00:aa:bb:cc\n';
  assert.deepEqual(changes(ARCH_NETWORKD), {
    [LINK]: linkOf('enp1s0'),
    [path]: `${head}\n[Network]\nDHCP=ipv4\n`,
  });
  assert.equal(
    changes(ARCH_NETWORKD, KEPT)[path],
    `${head}
[Network]
Address=192.168.1.9/24
Address=192.168.1.10/24
Address=2001:db8:1::9/64
Gateway=192.168.1.1
Gateway=2001:db8:1::1
DNS=192.168.1.53
DNS=2001:db8:1::53
`,
  );
});

test("NetworkManager: the connection is rewritten in place, without the source's MAC addresses", () => {
  const path = '/etc/NetworkManager/system-connections/ens192.nmconnection';
  const head = `[connection]
id=ens192
uuid=f8b2d1a4-0b2e-3f0c-9d3f-2f1e6f7c1b11
type=ethernet
interface-name=ens192

[ethernet]
mac-address=52:54:00:AA:BB:CC
mtu=9000

`;
  assert.deepEqual(changes(RHEL_KEYFILE), {
    [LINK]: linkOf('ens192'),
    [path]: `${head}[ipv4]\nmethod=auto\n\n[ipv6]\naddr-gen-mode=eui64\nmethod=auto\n\n[proxy]\n`,
  });
  assert.equal(
    changes(RHEL_KEYFILE, KEPT)[path],
    `${head}[ipv4]
method=manual
address1=192.168.1.9/24,192.168.1.1
address2=192.168.1.10/24
dns=192.168.1.53;

[ipv6]
method=manual
address1=2001:db8:1::9/64,2001:db8:1::1
dns=2001:db8:1::53;

[proxy]
`,
  );
});

test('NetworkManager without a connection of its own gets one for addresses that are kept', () => {
  const bare = { files: {}, present: ['/usr/sbin/NetworkManager'] };
  assert.deepEqual(changes(bare), {});
  const [path, ...others] = Object.keys(changes(bare, KEPT));
  assert.deepEqual(
    [path, others],
    ['/etc/NetworkManager/system-connections/landfall-launch.nmconnection', []],
  );
});

test('ifcfg of the RHEL family: by the new MAC address, in place', () => {
  const path = '/etc/sysconfig/network-scripts/ifcfg-ens192';
  const head = `TYPE="Ethernet"
NAME="ens192"
UUID="6a5b8c0e-0a64-4f44-8a5b-0d4f6a1f5c11"
DEVICE="ens192"
ONBOOT="yes"
`;
  assert.deepEqual(changes(CENTOS_IFCFG), {
    [LINK]: linkOf('ens192'),
    [path]: `${head}IPV6INIT="no"\nHWADDR=52:54:00:AA:BB:CC\nBOOTPROTO=dhcp\n`,
  });
  assert.equal(
    changes(CENTOS_IFCFG, KEPT)[path],
    `${head}HWADDR=52:54:00:AA:BB:CC
BOOTPROTO=none
IPADDR=192.168.1.9
PREFIX=24
IPADDR1=192.168.1.10
PREFIX1=24
GATEWAY=192.168.1.1
DNS1=192.168.1.53
DNS2=2001:db8:1::53
IPV6INIT=yes
IPV6_AUTOCONF=no
IPV6ADDR=2001:db8:1::9/64
IPV6_DEFAULTGW=2001:db8:1::1
`,
  );
});

test("a guest from before systemd gets a rule of its own udev in the old one's place", () => {
  const written = changes(CENTOS_6_IFCFG);
  assert.match(
    written['/etc/udev/rules.d/70-persistent-net.rules'] ?? '',
    /ATTR\{address\}=="52:54:00:aa:bb:cc", ATTR\{type\}=="1", NAME="eth0"\n$/,
  );
  assert.match(written['/etc/sysconfig/network-scripts/ifcfg-eth0'] ?? '', /HWADDR=52:54:00:AA:BB:CC/);
  assert.ok(!(LINK in written));
});

test('ifcfg of SUSE: routes and name servers are in files of their own', () => {
  assert.deepEqual(changes(SUSE_IFCFG), {
    [LINK]: linkOf('eth0'),
    '/etc/sysconfig/network/ifcfg-eth0': "STARTMODE='auto'\nBOOTPROTO='dhcp'\n",
    '/etc/sysconfig/network/routes': '10.0.0.0/8 192.168.1.2 - -\n',
  });
  const kept = changes(SUSE_IFCFG, KEPT);
  assert.equal(
    kept['/etc/sysconfig/network/ifcfg-eth0'],
    "STARTMODE='auto'\nBOOTPROTO='static'\nIPADDR='192.168.1.9/24'\nIPADDR_1='192.168.1.10/24'\nIPADDR_2='2001:db8:1::9/64'\n",
  );
  assert.equal(
    kept['/etc/sysconfig/network/ifroute-eth0'],
    'default 192.168.1.1 - eth0\ndefault 2001:db8:1::1 - eth0\n',
  );
  assert.match(
    kept['/etc/sysconfig/network/config'] ?? '',
    /^NETCONFIG_DNS_STATIC_SERVERS="192\.168\.1\.53 2001:db8:1::53"$/m,
  );
});

test('addresses that are kept go to the interface that had them', () => {
  const [kept] = [{ address: '10.9.9.9/24' }];
  const written = changes(DEBIAN_IFUPDOWN, kept === undefined ? [] : [kept]);
  assert.equal(written[LINK], linkOf('ens224'));
});

test('what stands on the interface is left as it is, and told of', () => {
  assert.deepEqual(changes(BRIDGED_IFUPDOWN), { [LINK]: linkOf('eno1') });
  const { notes } = planNetwork(inspectionOf(BRIDGED_IFUPDOWN), TARGET);
  assert.deepEqual(
    notes.map(({ finding }) => finding),
    ['NETWORK_LAYERED'],
  );
});

test('interfaces without a counterpart, and a guest that says nothing of its network, are noted', () => {
  const codes = (network: GoldenNetwork) =>
    planNetwork(inspectionOf(network), TARGET).notes.map(({ finding }) => finding);
  assert.deepEqual(codes(DEBIAN_IFUPDOWN), ['INTERFACES_LOST']);
  assert.deepEqual(codes({ files: {} }), ['NETWORK_UNKNOWN']);
});

test("interfaces made by software are not taken for the machine's own", () => {
  const text =
    'iface lo inet loopback\niface br0 inet static\niface ens20.100 inet dhcp\niface eno1 inet dhcp\n';
  const found = findInterfaces(new Map([['/etc/network/interfaces', text]]));
  assert.deepEqual(
    found.map((each) => each.name),
    ['eno1'],
  );
});

test('what is no address never becomes text in a guest', () => {
  const wrong: readonly KeptAddress[] = [
    { address: '192.168.1.9' },
    { address: '192.168.1.999/24' },
    { address: '192.168.1.9/33' },
    { address: '2001:db8::1/129' },
    { address: '192.168.1.9/24\n    up /bin/sh' },
    { address: '192.168.1.9/24', gateway: '2001:db8::1' },
    { address: '192.168.1.9/24', nameServers: ['example.com'] },
    { address: '::1]/x/64' },
  ];
  for (const address of wrong) {
    const plan = () => planNetwork(inspectionOf(DEBIAN_IFUPDOWN), { ...TARGET, addresses: [address] });
    assert.throws(plan, { code: 'LAUNCH_ADDRESS_INVALID' }, JSON.stringify(address));
  }
});

test('planned again on what a plan has left, nothing is changed; for another machine, only its MAC address', () => {
  for (const [name, network] of Object.entries(GOLDEN_NETWORKS)) {
    for (const addresses of [[], KEPT]) {
      const first = inspectionOf(network);
      const target = { ...TARGET, addresses };
      const after = applied(first, planNetwork(first, target).steps);
      assert.deepEqual(planNetwork(after, target).steps, [], `${name} ${addresses.length}`);
      const other = { ...target, macAddress: '52:54:00:00:00:01' };
      const again = applied(after, planNetwork(after, other).steps);
      const fresh = applied(first, planNetwork(first, other).steps);
      assert.deepEqual(textsOf(again), textsOf(fresh), `${name} ${addresses.length}`);
    }
  }
});

function textsOf({ files }: ReturnType<typeof inspectionOf>): [string, string][] {
  return [...files].toSorted(([left], [right]) => left.localeCompare(right, 'en'));
}
