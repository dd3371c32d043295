/** .network files of systemd-networkd. The first that matches counts: ours comes before all others. */
import { withPrefix } from './network-address.ts';
import { isInterfaceName, type NetworkSystem, type WantedInterface } from './network-interface.ts';

const PATH = /^\/etc\/systemd\/network\/[^/]+\.network$/;
/** Sorts before every name that begins with two digits. */
const OURS = '/etc/systemd/network/0-landfall-launch.network';

export const networkd: NetworkSystem = {
  find(path, text) {
    if (!PATH.test(path) || path === OURS) return [];
    const match = /^\[Match\]([\s\S]*?)(?=^\[|$(?![\s\S]))/m.exec(text)?.[1] ?? '';
    const name = /^Name=(\S+)\s*$/m.exec(match)?.[1];
    const usesDhcp = /^DHCP=(yes|true|ipv4|both)\s*$/m.test(text);
    return [
      {
        ...{ system: 'systemd-networkd', path, usesDhcp, text },
        name: name !== undefined && isInterfaceName(name) ? name : undefined,
        boundToMac: /^(Permanent)?MACAddress=/m.test(text),
        isMember: !usesDhcp && !/^Address=/m.test(text),
      },
    ];
  },
  configure(wanted) {
    return [{ kind: 'WRITE', path: OURS, text: networkFile(wanted) }];
  },
};

function networkFile({ macAddress, addresses, nameServers }: WantedInterface): string {
  const gateways = addresses.flatMap(({ gateway }) => gateway ?? []);
  const lines = [
    ...['# Written by Landfall for the launched machine.', '[Match]', `MACAddress=${macAddress}`, ''],
    '[Network]',
    ...(addresses.length === 0 ? ['DHCP=ipv4'] : []),
    ...addresses.map((each) => `Address=${withPrefix(each)}`),
    ...[...new Set(gateways)].map((each) => `Gateway=${each}`),
    ...nameServers.map((each) => `DNS=${each}`),
  ];
  return `${lines.join('\n')}\n`;
}
