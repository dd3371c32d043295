/** The network part of a conversion plan; the rule is in `network-configuration.ts`. */
import type { GuestInspection } from './inspection.ts';
import {
  type ConfiguredInterface,
  findInterfaces,
  ifupdownToDhcp,
  linkFile,
  netplanFile,
  networkdFile,
  networkManagerFile,
} from './network-configuration.ts';
import type { ConversionStep, ConversionTarget, PlanNote } from './plan.ts';

export interface NetworkPlan {
  readonly steps: readonly ConversionStep[];
  readonly notes: readonly PlanNote[];
}

const TITLE = 'Network';
const LINK_PATH = '/etc/systemd/network/10-landfall-launch.link';
const PERSISTENT_NAMES = '/etc/udev/rules.d/70-persistent-net.rules';
const DHCP_CLIENTS = [
  '/sbin/dhclient',
  '/usr/sbin/dhclient',
  '/sbin/udhcpc',
  '/usr/sbin/udhcpc',
  '/sbin/dhcpcd',
  '/usr/sbin/dhcpcd',
];
const CLOUD_INIT = '/etc/cloud/cloud.cfg';

export function planNetwork(inspection: GuestInspection, target: ConversionTarget): NetworkPlan {
  const interfaces = findInterfaces(inspection.files);
  const primary = interfaces.find((each) => each.name !== undefined) ?? interfaces[0];
  const notes = interfaces
    .filter((each) => each !== primary && each.name !== undefined && each.name !== primary?.name)
    .map(({ name, path }): PlanNote => {
      const what = `interface ${name} of ${path} has no counterpart: the target has one interface`;
      return { finding: 'INTERFACES_LOST', what };
    });
  if (primary === undefined) {
    const what = 'no network configuration was found; the guest decides for itself';
    return { steps: [], notes: [{ finding: 'NETWORK_UNKNOWN', what }] };
  }
  const name = primary.name ?? 'eth0';
  const steps = [
    ...planNames(inspection),
    planLink(target, name),
    ...planAddress(inspection, target, primary, name),
  ];
  return { steps: [...steps, ...planCloudInit(inspection)], notes };
}

/** Old udev rules give the source's name to the source's MAC address and keep it from anybody else. */
function planNames(inspection: GuestInspection): ConversionStep[] {
  if (!inspection.present.has(PERSISTENT_NAMES)) return [];
  const to = `${PERSISTENT_NAMES}.landfall-source`;
  const detail = `${PERSISTENT_NAMES} → ${to}`;
  return [{ kind: 'MOVE', title: TITLE, finding: 'NETWORK_RULES', from: PERSISTENT_NAMES, to, detail }];
}

function planLink(target: ConversionTarget, name: string): ConversionStep {
  const detail = `interface ${name}: the source's hardware → MAC ${target.macAddress}`;
  return {
    kind: 'WRITE_FILE',
    title: TITLE,
    finding: 'NETWORK_BY_HARDWARE',
    path: LINK_PATH,
    text: linkFile(target.macAddress, name),
    detail,
  };
}

function planAddress(
  inspection: GuestInspection,
  target: ConversionTarget,
  primary: ConfiguredInterface,
  name: string,
): ConversionStep[] {
  if (primary.usesDhcp && !primary.matchesMac && primary.name !== undefined) return [];
  const before = primary.usesDhcp ? "DHCP by the source's MAC" : 'not DHCP';
  const write = (path: string, text: string, mode = 0o644): ConversionStep => ({
    kind: 'WRITE_FILE',
    title: TITLE,
    finding: 'NETWORK_NOT_DHCP',
    path,
    text,
    mode,
    detail: `${name} (${primary.path}): ${before} → DHCP`,
  });
  switch (primary.system) {
    case 'ifupdown':
      return planIfupdown(inspection, target, primary, name);
    case 'netplan':
      return [
        ...planNetplanAside(inspection),
        write('/etc/netplan/50-landfall-launch.yaml', netplanFile(target.macAddress, name), 0o600),
      ];
    case 'systemd-networkd':
      return [write('/etc/systemd/network/05-landfall-launch.network', networkdFile(target.macAddress))];
    case 'NetworkManager': {
      const path = '/etc/NetworkManager/system-connections/landfall-launch.nmconnection';
      return [write(path, networkManagerFile(target.macAddress), 0o600)];
    }
  }
}

function planIfupdown(
  inspection: GuestInspection,
  target: ConversionTarget,
  primary: ConfiguredInterface,
  name: string,
): ConversionStep[] {
  const before = inspection.files.get(primary.path) ?? '';
  const dhcp = ifupdownToDhcp(before, name);
  if (dhcp === before) return [];
  const base = {
    kind: 'WRITE_FILE',
    title: TITLE,
    finding: 'NETWORK_NOT_DHCP',
    path: primary.path,
  } as const;
  if (DHCP_CLIENTS.some((path) => inspection.present.has(path))) {
    return [{ ...base, text: dhcp, detail: `${name} (${primary.path}): static → DHCP` }];
  }
  const { address, netmask, gateway } = target.address;
  const options = `    address ${address}\n    netmask ${netmask}\n    gateway ${gateway}`;
  const stanza = `iface ${name} inet static\n${options}`;
  const text = dhcp.replace(
    new RegExp(`^\\s*iface\\s+${RegExp.escape(name)}\\s+inet\\s+dhcp.*$`, 'm'),
    stanza,
  );
  return [
    {
      ...base,
      text,
      detail: `${name} (${primary.path}): static → static ${address} (it has no DHCP client)`,
    },
  ];
}

/**
 * netplan merges its files, and lists only ever grow: static addresses would survive a file that asks for
 * DHCP.
 */
function planNetplanAside(inspection: GuestInspection): ConversionStep[] {
  const paths = [...inspection.files.keys()].filter((path) => path.startsWith('/etc/netplan/'));
  return paths.map((from) => {
    const to = `${from}.landfall-source`;
    return { kind: 'MOVE', title: TITLE, finding: 'NETWORK_NOT_DHCP', from, to, detail: `${from} → ${to}` };
  });
}

/** cloud-init would write the network configuration again, for hardware it does not find. */
function planCloudInit(inspection: GuestInspection): ConversionStep[] {
  if (!inspection.present.has(CLOUD_INIT)) return [];
  const path = '/etc/cloud/cloud.cfg.d/99-landfall-network.cfg';
  const text = '# Written by Landfall: the network is configured already.\nnetwork: {config: disabled}\n';
  return [
    {
      kind: 'WRITE_FILE',
      title: TITLE,
      finding: 'CLOUD_INIT_NETWORK',
      path,
      text,
      detail: 'cloud-init writes the network → leaves it alone',
    },
  ];
}
