/**
 * QEMU's user network around the address that a machine keeps of its source: the network of that address,
 * with QEMU as its gateway, so that published ports reach the machine where it is. Pure.
 */
import { addressNumber, addressText } from './ipv4-number.ts';

export interface KeptNetwork {
  /** Options of `-netdev user`. */
  readonly options: readonly string[];
  /** Where published ports lead. */
  readonly guestAddress: string;
}

/** QEMU needs room in the network for itself, its resolver, and addresses it would give away. */
const PREFIX_MAX = 28;

/**
 * By the first IPv4 address; `undefined`: there is none. A network that is too small for QEMU is widened: the
 * guest speaks to QEMU's address alone, which is its gateway, or stands beside it where there is none.
 */
export function keptNetwork(
  addresses: readonly { readonly address: string; readonly gateway?: string }[] = [],
): KeptNetwork | undefined {
  for (const { address, gateway } of addresses) {
    const [, host = '', prefixText = ''] = /^((?:\d+\.){3}\d+)\/(\d+)$/.exec(address) ?? [];
    const guest = addressNumber(host);
    const ownPrefix = Number(prefixText);
    if (guest === undefined || prefixText === '' || ownPrefix < 1 || ownPrefix > 32) continue;
    const around = networkAround(guest, ownPrefix);
    const named = gateway === undefined ? undefined : addressNumber(gateway);
    const taken = [guest];
    const hasGateway = named !== undefined && named !== guest && isInside(named, around);
    const own = hasGateway ? named : neighbour(guest, ownPrefix, around);
    const resolver = free(around, [...taken, own]);
    const first = free(around, [...taken, own, resolver]);
    const options = [
      `net=${addressText(around.network)}/${around.prefix}`,
      `host=${addressText(own)}`,
      `dns=${addressText(resolver)}`,
      `dhcpstart=${addressText(first)}`,
    ];
    return { options, guestAddress: host };
  }
  return undefined;
}

interface Ipv4Network {
  readonly network: number;
  readonly prefix: number;
}

/** The smallest one with room, in which the guest's address is none of the two that nobody can have. */
function networkAround(guest: number, ownPrefix: number): Ipv4Network {
  for (let prefix = Math.min(ownPrefix, PREFIX_MAX); ; prefix -= 1) {
    const around = { network: startOf(guest, prefix), prefix };
    if (isInside(guest, around) || prefix === 1) return around;
  }
}

/** Where a guest without a gateway looks for QEMU: beside itself, if anybody else fits into its network. */
function neighbour(guest: number, ownPrefix: number, around: Ipv4Network): number {
  const start = startOf(guest, ownPrefix);
  const end = start + 2 ** (32 - ownPrefix) - 1;
  // Of a point-to-point network both addresses can be had (RFC 3021).
  const spared = ownPrefix < 31 ? 1 : 0;
  for (let candidate = start + spared; candidate <= end - spared; candidate += 1) {
    if (candidate !== guest && isInside(candidate, around)) return candidate;
  }
  return free(around, [guest]);
}

function startOf(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
}

function isInside(address: number, { network, prefix }: Ipv4Network): boolean {
  return address > network && address < network + 2 ** (32 - prefix) - 1;
}

function free({ network }: Ipv4Network, taken: readonly number[]): number {
  let candidate = network + 1;
  while (taken.includes(candidate)) candidate += 1;
  return candidate;
}
