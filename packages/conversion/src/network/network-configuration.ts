/**
 * The network of a guest on new hardware, by one rule: the target's interface, known by its MAC address, gets
 * the name that the source's configuration already uses, so that services bound to it keep working, and the
 * addresses that are wanted: by DHCP, because the target network is another, or the source's own. Each system
 * is told in its own files.
 */
import { ifcfg } from './network-ifcfg.ts';
import { ifupdown } from './network-ifupdown.ts';
import {
  type ConfiguredInterface,
  isPhysicalName,
  type NetworkSystem,
  type NetworkSystemName,
} from './network-interface.ts';
import { networkManager } from './network-manager.ts';
import { netplan } from './network-netplan.ts';
import { networkd } from './network-networkd.ts';

export const NETWORK_SYSTEMS: Readonly<Record<NetworkSystemName, NetworkSystem>> = {
  ifupdown,
  netplan,
  'systemd-networkd': networkd,
  NetworkManager: networkManager,
  ifcfg,
};

/** In one order always, whatever that of the files: by system, then by path. */
export function findInterfaces(files: ReadonlyMap<string, string>): ConfiguredInterface[] {
  const sorted = [...files].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const systems = Object.values(NETWORK_SYSTEMS);
  const found = systems.flatMap((system) => sorted.flatMap(([path, text]) => system.find(path, text)));
  return found.filter((each) => each.name === undefined || isPhysicalName(each.name));
}

/** For systemd's udev. */
export function linkFile(macAddress: string, interfaceName: string): string {
  return `# Written by Landfall: the launched machine's interface keeps the name it had on the source server.
[Match]
MACAddress=${macAddress}

[Link]
Name=${interfaceName}
`;
}

/** For the udev that was before systemd. */
export function udevRule(macAddress: string, interfaceName: string): string {
  const match = `SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="${macAddress.toLowerCase()}"`;
  return `# Written by Landfall: the launched machine's interface keeps the name it had on the source server.
${match}, ATTR{type}=="1", NAME="${interfaceName}"
`;
}
