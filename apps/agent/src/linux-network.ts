/** The network of this server: addresses with what a machine needs to use them elsewhere. */
import { isIP } from 'node:net';
import type { networkInterfaces } from 'node:os';
import type { SourceProperties } from '@landfall/model';
import { readIfExists } from '@landfall/runtime';

export interface Gateway {
  readonly interfaceName: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly address: string;
}

export interface Routing {
  readonly primary: string | undefined;
  readonly gateways: readonly Gateway[];
}

const NAME_SERVERS_MAX = 8;

/** A gateway stands with the first address of its family. */
export function describeInterfaces(
  all: ReturnType<typeof networkInterfaces>,
  { primary, gateways }: Routing,
): SourceProperties['networkInterfaces'] {
  const real = Object.entries(all).flatMap(([name, addresses]) => {
    const outside = (addresses ?? []).filter((address) => !address.internal);
    return outside.length === 0 ? [] : [{ name, outside }];
  });
  const primaryName = real.some((one) => one.name === primary) ? primary : real[0]?.name;
  return real.map(({ name, outside }) => {
    const routable = outside.filter((one) => one.family === 'IPv4' || !/^fe[89ab]/i.test(one.address));
    const addresses = routable.flatMap((one) => {
      if (one.cidr === null) return [];
      const isFirst = routable.find(({ family }) => family === one.family) === one;
      const gateway = isFirst ? gatewayOf(gateways, name, one.family) : undefined;
      return [{ address: one.cidr, ...(gateway === undefined ? {} : { gateway }) }];
    });
    return {
      macAddress: outside[0]?.mac ?? '',
      ips: outside.map((one) => one.address),
      isPrimary: name === primaryName,
      addresses,
    };
  });
}

function gatewayOf(gateways: readonly Gateway[], name: string, family: string): string | undefined {
  return gateways.find((one) => one.interfaceName === name && one.family === family)?.address;
}

/** Source of the form: the kernel's /proc/net/route; addresses are numbers in the byte order of x86. */
export function gatewaysIn(routes: string): Gateway[] {
  return routes.split('\n').flatMap((line): Gateway[] => {
    const [interfaceName = '', destination, gateway = ''] = line.split('\t');
    if (destination !== '00000000' || !/^[0-9A-F]{8}$/i.test(gateway) || gateway === '00000000') return [];
    const address = Buffer.from(gateway, 'hex').reverse().join('.');
    return [{ interfaceName, family: 'IPv4', address }];
  });
}

/** Source of the form: the kernel's /proc/net/ipv6_route: destination, its length, …, next hop fifth. */
export function gateways6In(routes: string): Gateway[] {
  return routes.split('\n').flatMap((line): Gateway[] => {
    const fields = line.trim().split(/\s+/);
    const [destination = '', length] = fields;
    const hop = fields[4] ?? '';
    const isDefault = /^0{32}$/.test(destination) && length === '00';
    if (!isDefault || !/^[0-9a-f]{32}$/.test(hop) || /^0+$/.test(hop)) return [];
    const address = hop.replaceAll(/(.{4})(?=.)/g, '$1:');
    return [{ interfaceName: fields.at(-1) ?? '', family: 'IPv6', address }];
  });
}

/** The servers that are asked in the end: systemd-resolved names itself in /etc/resolv.conf. */
export async function readResolver(): Promise<string> {
  const behind = await readIfExists('/run/systemd/resolve/resolv.conf');
  return behind ?? (await readIfExists('/etc/resolv.conf')) ?? '';
}

/** Those another machine can reach. Source of the form: resolv.conf(5). */
export function nameServersIn(resolver: string): string[] {
  const named = [...resolver.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '');
  return named.filter((one) => isIP(one) !== 0 && !/^(127\.|::1$)/.test(one)).slice(0, NAME_SERVERS_MAX);
}
