/**
 * Which addresses a webhook may reach. Whoever may create webhooks must not become able to speak to what
 * only this machine can reach: itself, its links, and the metadata services of clouds, which hand out
 * credentials. Private networks are where receivers live, so they are open. Pure.
 *
 * Networks: IANA special-purpose address registries; metadata addresses: the providers' documents.
 */
import { BlockList, isIP } from 'node:net';
import { assert, OperationError } from '@landfall/runtime';

const CLOSED = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  /** Metadata and host services of Alibaba Cloud and Azure, outside of the link. */
  '100.100.100.200/32',
  '168.63.129.16/32',
  '::/96',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  /** Metadata of AWS, and of Google Cloud, by IPv6. */
  'fd00:ec2::/32',
  'fd20:ce::/32',
  /** Tunnels: they lead to an IPv4 address that nobody looked at. */
  '2002::/16',
  '2001::/32',
];

/** IPv6 addresses that stand for the IPv4 address in their last 32 bits: mapped, and NAT64. */
const CARRIERS = listOf(['::ffff:0:0/96', '64:ff9b::/96']);

export interface AddressGuard {
  /** Said to be open by whoever runs the control plane: there a webhook needs no TLS either. */
  isTrusted(address: string): boolean;
  isOpen(address: string): boolean;
}

/** `trusted`: networks as ADDRESS/BITS. Errors: OPTION_INVALID. */
export function createAddressGuard(trusted: readonly string[]): AddressGuard {
  const open = listOf(trusted);
  const closed = listOf(CLOSED);
  const isTrusted = (address: string) => holds(open, plain(address));
  return {
    isTrusted,
    isOpen: (address) => isTrusted(address) || !holds(closed, plain(address)),
  };
}

/** Without a zone, and an IPv4 address in IPv6 clothes as what it is. */
function plain(text: string): string {
  const address = text.replace(/%.*$/, '');
  if (isIP(address) !== 6 || !CARRIERS.check(address, 'ipv6')) return address;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [high = 0, low = 0] = canonical
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function holds(list: BlockList, address: string): boolean {
  const version = isIP(address);
  assert(version !== 0, `${address} is no address`);
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [, address = '', bits = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(network) ?? [];
    const version = isIP(address);
    if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) throw noNetwork(network);
    list.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

function noNetwork(network: string): OperationError {
  return new OperationError('OPTION_INVALID', `"${network}" is no network`, {
    hint: 'give it as ADDRESS/BITS, for example 10.1.0.0/16',
  });
}
