/** The addresses that a network of libvirt gives, and one of them for a machine: pure. */
import { createHash } from 'node:crypto';
import { addressNumber, addressText } from './ipv4-number.ts';
import type { NetworkAddress } from './machine-host.ts';

export interface NetworkAddresses {
  readonly gateway: string;
  readonly prefixLength: number;
  /** First and last, both included. */
  readonly ranges: readonly { readonly first: string; readonly last: string }[];
  readonly reservations: readonly Reservation[];
  readonly hasNameServer: boolean;
}

export interface Reservation {
  readonly mac: string | undefined;
  readonly name: string | undefined;
  readonly address: string;
}

export interface Lease {
  readonly mac: string;
  readonly address: string;
}

/** Of `virsh net-dumpxml`; `undefined`: it gives no IPv4 addresses. */
export function parseNetworkAddresses(xml: string): NetworkAddresses | undefined {
  for (const [, head = '', body = ''] of xml.matchAll(/<ip\b([^>]*[^/])>(.*?)<\/ip>/gs)) {
    const gateway = attributeOf(head, 'address') ?? '';
    const ranges = elementsOf(body, 'range').flatMap((each) => {
      const first = attributeOf(each, 'start');
      const last = attributeOf(each, 'end');
      return first === undefined || last === undefined ? [] : [{ first, last }];
    });
    const prefixLength = prefixOf(head);
    if (addressNumber(gateway) === undefined || ranges.length === 0 || prefixLength === undefined) continue;
    const reservations = elementsOf(body, 'host').flatMap((each): Reservation[] => {
      const address = attributeOf(each, 'ip');
      if (address === undefined) return [];
      return [{ mac: attributeOf(each, 'mac'), name: attributeOf(each, 'name'), address }];
    });
    const hasNameServer = !/<dns\b[^>]*enable=['"]no['"]/.test(xml);
    return { gateway, prefixLength, ranges, reservations, hasNameServer };
  }
  return undefined;
}

/** Of `virsh net-dhcp-leases`. */
export function parseLeases(text: string): Lease[] {
  return text.split('\n').flatMap((line) => {
    const [, mac = '', address = ''] =
      /\b((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\s+ipv4\s+([0-9.]+)\//i.exec(line) ?? [];
    return mac === '' ? [] : [{ mac, address }];
  });
}

/**
 * The same for the same address of a card, as long as it is free; what the machine holds by a lease stays
 * with it. `undefined`: all are taken.
 */
export function chooseAddress(
  { gateway, ranges, reservations }: NetworkAddresses,
  leases: readonly Lease[],
  mac: string,
): string | undefined {
  const isMine = (one: { readonly mac: string | undefined }) => one.mac?.toLowerCase() === mac.toLowerCase();
  const others = [...leases, ...reservations].filter((one) => !isMine(one));
  const taken = new Set([gateway, ...others.map(({ address }) => address)]);
  const held = leases.find(isMine)?.address;
  if (held !== undefined && !taken.has(held)) return held;
  const sizes = ranges.map(sizeOf);
  const size = sizes.reduce((sum, each) => sum + each, 0);
  if (size === 0) return undefined;
  const begin = createHash('sha256').update(mac.toLowerCase()).digest().readUInt32BE() % size;
  // One more than are taken is enough to find one that is not.
  for (let step = 0; step < Math.min(size, taken.size + 1); step += 1) {
    const address = addressAt(ranges, (begin + step) % size);
    if (address !== undefined && !taken.has(address)) return address;
  }
  return undefined;
}

export function prefixedAddress(
  { gateway, prefixLength, hasNameServer }: NetworkAddresses,
  address: string,
): NetworkAddress {
  const prefixed = { address: `${address}/${prefixLength}`, gateway };
  return hasNameServer ? { ...prefixed, nameServers: [gateway] } : prefixed;
}

function addressAt(ranges: NetworkAddresses['ranges'], index: number): string | undefined {
  let left = index;
  for (const range of ranges) {
    if (left < sizeOf(range)) return addressText((addressNumber(range.first) ?? 0) + left);
    left -= sizeOf(range);
  }
  return undefined;
}

function sizeOf({ first, last }: NetworkAddresses['ranges'][number]): number {
  const from = addressNumber(first);
  const to = addressNumber(last);
  return from === undefined || to === undefined ? 0 : Math.max(0, to - from + 1);
}

function prefixOf(head: string): number | undefined {
  const prefix = attributeOf(head, 'prefix');
  if (prefix !== undefined) return Number(prefix);
  const mask = addressNumber(attributeOf(head, 'netmask') ?? '');
  return mask === undefined ? undefined : mask.toString(2).replaceAll('0', '').length;
}

function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'g'))].map(([, attributes = '']) => attributes);
}

function attributeOf(attributes: string, name: string): string | undefined {
  return new RegExp(`\\b${name}=['"]([^'"]*)['"]`).exec(attributes)?.[1];
}
