/** The network of a guest as its own hardware has it, in the files of whatever configures it there. Pure. */
import type { GuestRow } from './guest-row.ts';
import { SOURCE_MAC } from './source-hardware.ts';

/** The name udev gives the e1000 in PCI slot 0x14 of the source's hardware, see `source-hardware.ts`. */
export const SOURCE_INTERFACE = 'ens20';
/** In QEMU's user network, and not the address that its DHCP gives. */
export const SOURCE_ADDRESS = '10.0.2.77';
export const SOURCE_PREFIX = 24;
export const SOURCE_GATEWAY = '10.0.2.2';

export interface GuestFile {
  readonly path: string;
  readonly text: string;
  readonly mode?: number;
}

export function networkFiles(row: GuestRow): GuestFile[] {
  switch (row.network) {
    case 'IFUPDOWN':
      return [ifupdownFile(row)];
    case 'NETWORKD':
      return [networkdFile(row), LOOPBACK_ONLY];
    case 'NETPLAN':
      return [
        LOOPBACK_ONLY,
        netplanFile('/etc/netplan/01-netcfg.yaml', `network:\n${netplanText(row, '  ')}`),
      ];
    case 'CLOUD_INIT':
      return [LOOPBACK_ONLY, ...cloudInitFiles(row)];
  }
}

const LOOPBACK_ONLY: GuestFile = {
  path: '/etc/network/interfaces',
  text: 'auto lo\niface lo inet loopback\n',
};

function networkdFile({ hasStaticAddress }: GuestRow): GuestFile {
  const address = hasStaticAddress
    ? `Address=${SOURCE_ADDRESS}/${SOURCE_PREFIX}\nGateway=${SOURCE_GATEWAY}`
    : 'DHCP=ipv4';
  const text = `[Match]\nName=${SOURCE_INTERFACE}\n\n[Network]\n${address}\n`;
  return { path: `/etc/systemd/network/20-${SOURCE_INTERFACE}.network`, text };
}

function ifupdownFile({ hasStaticAddress }: GuestRow): GuestFile {
  const options = `    address ${SOURCE_ADDRESS}\n    netmask 255.255.255.0\n    gateway ${SOURCE_GATEWAY}\n`;
  const how = hasStaticAddress ? `static\n${options}` : 'dhcp\n';
  const stanza = `auto ${SOURCE_INTERFACE}\niface ${SOURCE_INTERFACE} inet ${how}`;
  return { path: '/etc/network/interfaces', text: `${LOOPBACK_ONLY.text}\n${stanza}` };
}

function netplanFile(path: string, text: string): GuestFile {
  return { path, text, mode: 0o600 };
}

/** What stands below `network:`. */
function netplanText({ hasStaticAddress }: GuestRow, indent: string, byMac = ''): string {
  const lines = [
    'version: 2',
    'ethernets:',
    `  ${SOURCE_INTERFACE}:`,
    ...(byMac === ''
      ? []
      : ['    match:', `      macaddress: "${byMac}"`, `    set-name: ${SOURCE_INTERFACE}`]),
    ...(hasStaticAddress
      ? [
          '    addresses:',
          `      - ${SOURCE_ADDRESS}/${SOURCE_PREFIX}`,
          '    routes:',
          `      - to: default`,
          `        via: ${SOURCE_GATEWAY}`,
        ]
      : ['    dhcp4: true']),
  ];
  return lines.map((line) => `${indent}${line}\n`).join('');
}

/**
 * As a cloud's image has them: a seed that names the source's card by its MAC address, and what cloud-init
 * made of it. Its other modules are left out, which take half a minute without hardware virtualization.
 */
function cloudInitFiles(row: GuestRow): GuestFile[] {
  const seed = '/var/lib/cloud/seed/nocloud';
  const rendered = `# This file is generated from information provided by the datasource.\nnetwork:\n`;
  return [
    { path: `${seed}/meta-data`, text: `instance-id: i-${row.name}\nlocal-hostname: guest-${row.name}\n` },
    { path: `${seed}/user-data`, text: '#cloud-config\n' },
    { path: `${seed}/network-config`, text: netplanText(row, '', SOURCE_MAC) },
    netplanFile('/etc/netplan/50-cloud-init.yaml', `${rendered}${netplanText(row, '    ', SOURCE_MAC)}`),
    { path: '/etc/cloud/cloud.cfg.d/95-guest.cfg', text: CLOUD_SETTINGS },
  ];
}

const CLOUD_SETTINGS = `datasource_list: [NoCloud, None]
system_info: {network: {renderers: [netplan]}}
cloud_init_modules: [set_hostname]
cloud_config_modules: []
cloud_final_modules: [final-message]
`;
