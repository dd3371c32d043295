/**
 * ifcfg files: of the RHEL family (`/etc/sysconfig/network-scripts`, read by its initscripts and by
 * NetworkManager) and of SUSE (`/etc/sysconfig/network`, read by wicked). Rewritten in place.
 */
import { addressesOf, type FixedAddress, withPrefix } from './network-address.ts';
import type { FileChange, NetworkSystem, WantedInterface } from './network-interface.ts';

const PATH = /^\/etc\/sysconfig\/(network-scripts|network)\/ifcfg-([^/]+)$/;
const SUSE_FOLDER = '/etc/sysconfig/network';
/** Keys that say which address, of both families; HWADDR and LLADDR are the source's MAC address. */
const ADDRESS_KEY =
  /^\s*(HWADDR|MACADDR|LLADDR|BOOTPROTO|(IPADDR|NETMASK|PREFIX|PREFIXLEN|GATEWAY|BROADCAST)_?\w*|NETWORK|DNS\d+|PEERDNS|IPV6ADDR(_SECONDARIES)?|IPV6_DEFAULTGW)=/;
const IPV6_KEY = /^\s*(IPV6INIT|IPV6_AUTOCONF)=/;

export const ifcfg: NetworkSystem = {
  find(path, text) {
    const suffix = PATH.exec(path)?.[2];
    const type = settingOf(text, 'TYPE');
    if (suffix === undefined || /[.:~]/.test(suffix) || (type !== undefined && type !== 'Ethernet'))
      return [];
    const usesDhcp = /^(dhcp|bootp|dhcp4|dhcp\+autoip)$/.test(settingOf(text, 'BOOTPROTO') ?? '');
    const isPart = ['MASTER', 'BRIDGE', 'TEAM_MASTER'].some((key) => settingOf(text, key) !== undefined);
    return [
      {
        ...{ system: 'ifcfg', path, usesDhcp, text },
        name: settingOf(text, 'DEVICE') ?? suffix,
        boundToMac: /^\s*(HWADDR|MACADDR|LLADDR)=/m.test(text),
        isMember: isPart || (!usesDhcp && !/^\s*(IPADDR|IPV6ADDR)/m.test(text)),
      },
    ];
  },
  configure(wanted, primary, files) {
    const { path } = primary;
    const before = files.get(path) ?? '';
    if (!path.startsWith(`${SUSE_FOLDER}/`)) {
      return [{ kind: 'WRITE', path, text: rewriteKeys(before, redHatLines(wanted), wanted) }];
    }
    const text = rewriteKeys(before, suseLines(wanted), wanted);
    return [{ kind: 'WRITE', path, text }, ...suseRoutes(wanted, primary.name ?? '', files)];
  },
};

function rewriteKeys(before: string, lines: readonly string[], wanted: WantedInterface): string {
  const hasIpv6 = addressesOf(wanted, 6).length > 0;
  const kept = before
    .split('\n')
    .filter((line) => line.trim() !== '' && !ADDRESS_KEY.test(line) && !(hasIpv6 && IPV6_KEY.test(line)));
  return `${[...kept, ...lines].join('\n')}\n`;
}

/** Source: initscripts, sysconfig.txt. */
function redHatLines(wanted: WantedInterface): string[] {
  const ipv4 = addressesOf(wanted, 4);
  const ipv6 = addressesOf(wanted, 6);
  return [
    `HWADDR=${wanted.macAddress.toUpperCase()}`,
    `BOOTPROTO=${wanted.addresses.length === 0 ? 'dhcp' : 'none'}`,
    ...ipv4.flatMap(({ host, prefixLength }, index) => {
      const number = index === 0 ? '' : String(index);
      return [`IPADDR${number}=${host}`, `PREFIX${number}=${prefixLength}`];
    }),
    ...gatewayOf(ipv4).map((gateway) => `GATEWAY=${gateway}`),
    ...wanted.nameServers.map((each, index) => `DNS${index + 1}=${each}`),
    ...(ipv6[0] === undefined ? [] : ['IPV6INIT=yes', 'IPV6_AUTOCONF=no', `IPV6ADDR=${withPrefix(ipv6[0])}`]),
    ...(ipv6.length < 2 ? [] : [`IPV6ADDR_SECONDARIES="${ipv6.slice(1).map(withPrefix).join(' ')}"`]),
    ...gatewayOf(ipv6).map((gateway) => `IPV6_DEFAULTGW=${gateway}`),
  ];
}

/** Source: ifcfg(5) of wicked. */
function suseLines({ addresses }: WantedInterface): string[] {
  if (addresses.length === 0) return ["BOOTPROTO='dhcp'"];
  const lines = addresses.map(
    (each, index) => `IPADDR${index === 0 ? '' : `_${index}`}='${withPrefix(each)}'`,
  );
  return ["BOOTPROTO='static'", ...lines];
}

/** Gateways and name servers of SUSE are in files of their own. */
function suseRoutes(wanted: WantedInterface, name: string, files: ReadonlyMap<string, string>): FileChange[] {
  const changes: FileChange[] = [];
  const gateways = ([4, 6] as const).flatMap((family) => gatewayOf(addressesOf(wanted, family)));
  const own = `${SUSE_FOLDER}/ifroute-${name}`;
  if (gateways.length > 0) {
    const text = gateways.map((gateway) => `default ${gateway} - ${name}\n`).join('');
    changes.push({ kind: 'WRITE', path: own, text });
  } else if (files.has(own)) changes.push({ kind: 'ASIDE', path: own });
  const routes = files.get(`${SUSE_FOLDER}/routes`);
  if (routes !== undefined) {
    const text = routes.replace(/^default\s.*\n?/gm, '');
    changes.push({ kind: 'WRITE', path: `${SUSE_FOLDER}/routes`, text });
  }
  const config = files.get(`${SUSE_FOLDER}/config`);
  if (config === undefined || wanted.nameServers.length === 0) return changes;
  const setting = `NETCONFIG_DNS_STATIC_SERVERS="${wanted.nameServers.join(' ')}"`;
  const text = config.replace(/^NETCONFIG_DNS_STATIC_SERVERS=.*$/m, setting);
  return [...changes, { kind: 'WRITE', path: `${SUSE_FOLDER}/config`, text }];
}

function gatewayOf(addresses: readonly FixedAddress[]): string[] {
  const found = addresses.find(({ gateway }) => gateway !== undefined)?.gateway;
  return found === undefined ? [] : [found];
}

function settingOf(text: string, key: string): string | undefined {
  return new RegExp(`^\\s*${key}=["']?([^"'\\s]+)`, 'm').exec(text)?.[1];
}
