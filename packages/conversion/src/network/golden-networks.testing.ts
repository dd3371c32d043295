/** Network configuration as installers and cloud images of distributions write it, for each system. */
export interface GoldenNetwork {
  readonly files: Readonly<Record<string, string>>;
  readonly present?: readonly string[];
}

export const DEBIAN_IFUPDOWN: GoldenNetwork = {
  files: {
    '/etc/network/interfaces': `source /etc/network/interfaces.d/*

# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug ens192
iface ens192 inet static
\taddress 192.168.1.9/24
\tgateway 192.168.1.1
\tdns-nameservers 1.1.1.1
\tpost-up /usr/local/bin/hook
iface ens192 inet6 static
\taddress 2001:db8:1::9/64
\tgateway 2001:db8:1::1
\taccept_ra 0

auto ens224
iface ens224 inet static
\taddress 10.9.9.9/24
`,
    '/etc/resolv.conf': 'search example.com\nnameserver 192.168.1.1\n',
  },
  present: ['/sbin/dhclient'],
};

/** As people write it by hand: nothing is indented, and long lines are continued. */
export const FLUSH_LEFT_IFUPDOWN: GoldenNetwork = {
  files: {
    '/etc/network/interfaces': `auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
# address 192.168.1.1 is the router
address 192.168.1.9
netmask 255.255.255.0
gateway 192.168.1.1
hwaddress ether 00:50:56:aa:bb:cc
dns-nameservers 1.1.1.1 \\
8.8.8.8
mtu 9000
post-up /usr/local/bin/hook \\
address of-the-hook
rename eth9=lan9

iface eth0 inet6 \\
static
address 2001:db8:1::9/64
accept_ra 0
no-auto-down eth0
mapping eth1
script /usr/local/bin/choose
map address home
`,
  },
  present: ['/sbin/dhclient'],
};

export const UBUNTU_NETPLAN: GoldenNetwork = {
  files: {
    '/etc/netplan/50-cloud-init.yaml': `# This file is generated from information provided by the datasource.
network:
    ethernets:
        ens160:
            addresses:
            - 192.168.1.9/24
            routes:
            -   to: default
                via: 192.168.1.1
            nameservers:
                addresses: [192.168.1.1]
    version: 2
`,
  },
  present: ['/etc/cloud/cloud.cfg'],
};

export const ARCH_NETWORKD: GoldenNetwork = {
  files: {
    '/etc/systemd/network/20-wired.network':
      '[Match]\nName=enp1s0\n\n[Network]\nAddress=192.168.1.9/24\nGateway=192.168.1.1\nDNS=1.1.1.1\n',
  },
};

export const RHEL_KEYFILE: GoldenNetwork = {
  files: {
    '/etc/NetworkManager/system-connections/ens192.nmconnection': `[connection]
id=ens192
uuid=f8b2d1a4-0b2e-3f0c-9d3f-2f1e6f7c1b11
type=ethernet
interface-name=ens192

[ethernet]
mac-address=00:50:56:AA:BB:CC
cloned-mac-address=00:50:56:AA:BB:CC
mtu=9000

[ipv4]
address1=192.168.1.9/24,192.168.1.1
dns=192.168.1.1;
method=manual

[ipv6]
addr-gen-mode=eui64
method=auto

[proxy]
`,
  },
};

export const CENTOS_IFCFG: GoldenNetwork = {
  files: {
    '/etc/sysconfig/network-scripts/ifcfg-lo': 'DEVICE=lo\nIPADDR=127.0.0.1\nNETMASK=255.0.0.0\n',
    '/etc/sysconfig/network-scripts/ifcfg-ens192': `TYPE="Ethernet"
BOOTPROTO="none"
NAME="ens192"
UUID="6a5b8c0e-0a64-4f44-8a5b-0d4f6a1f5c11"
DEVICE="ens192"
ONBOOT="yes"
HWADDR=00:50:56:aa:bb:cc
IPADDR="192.168.1.9"
PREFIX="24"
GATEWAY="192.168.1.1"
DNS1="192.168.1.1"
IPV6INIT="no"
`,
  },
};

/** Before systemd: udev's own rules keep the names. */
export const CENTOS_6_IFCFG: GoldenNetwork = {
  files: {
    '/etc/sysconfig/network-scripts/ifcfg-eth0':
      'DEVICE=eth0\nHWADDR=00:50:56:AA:BB:CC\nTYPE=Ethernet\nONBOOT=yes\nBOOTPROTO=dhcp\n',
    '/etc/udev/rules.d/70-persistent-net.rules':
      'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="00:50:56:aa:bb:cc", NAME="eth0"\n',
  },
  present: ['/sbin/udevd', '/etc/udev/rules.d/70-persistent-net.rules'],
};

export const SUSE_IFCFG: GoldenNetwork = {
  files: {
    '/etc/sysconfig/network/ifcfg-eth0': "BOOTPROTO='static'\nIPADDR='192.168.1.9/24'\nSTARTMODE='auto'\n",
    '/etc/sysconfig/network/ifcfg-lo': "IPADDR='127.0.0.1/8'\nSTARTMODE='nfsroot'\n",
    '/etc/sysconfig/network/routes': 'default 192.168.1.1 - -\n10.0.0.0/8 192.168.1.2 - -\n',
    '/etc/sysconfig/network/config':
      'NETCONFIG_DNS_POLICY="auto"\nNETCONFIG_DNS_STATIC_SERVERS="192.168.1.1"\n',
  },
};

/** A bridge for virtual machines has the address. */
export const BRIDGED_IFUPDOWN: GoldenNetwork = {
  files: {
    '/etc/network/interfaces': `auto eno1
iface eno1 inet manual

auto br0
iface br0 inet static
    address 192.168.1.9/24
    bridge_ports eno1
`,
  },
};

export const GOLDEN_NETWORKS = {
  DEBIAN_IFUPDOWN,
  FLUSH_LEFT_IFUPDOWN,
  UBUNTU_NETPLAN,
  ARCH_NETWORKD,
  RHEL_KEYFILE,
  CENTOS_IFCFG,
  CENTOS_6_IFCFG,
  SUSE_IFCFG,
  BRIDGED_IFUPDOWN,
};
