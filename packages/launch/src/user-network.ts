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

/** By the first IPv4 address; `undefined`: none that QEMU can put its network around. */
export function keptNetwork(
  addresses: readonly { readonly address: string; readonly gateway?: string }[] = [],
): KeptNetwork | undefined {
  for (const { address, gateway } of addresses) {
    const [, host = '', prefixText = ''] = /^((?:\d+\.){3}\d+)\/(\d+)$/.exec(address) ?? [];
    const guest = addressNumber(host);
    const prefix = Number(prefixText);
    if (guest === undefined || prefixText === '' || prefix < 1 || prefix > PREFIX_MAX) continue;
    const sizes = 2 ** (32 - prefix);
    const network = Math.floor(guest / sizes) * sizes;
    const inside = (one: number | undefined) =>
      one !== undefined && one > network && one < network + sizes - 1;
    const named = gateway === undefined ? undefined : addressNumber(gateway);
    const taken = [guest];
    const own = inside(named) && named !== guest && named !== undefined ? named : free(network, taken);
    const resolver = free(network, [...taken, own]);
    const first = free(network, [...taken, own, resolver]);
    const options = [
      `net=${addressText(network)}/${prefix}`,
      `host=${addressText(own)}`,
      `dns=${addressText(resolver)}`,
      `dhcpstart=${addressText(first)}`,
    ];
    return { options, guestAddress: host };
  }
  return undefined;
}

function free(network: number, taken: readonly number[]): number {
  let candidate = network + 1;
  while (taken.includes(candidate)) candidate += 1;
  return candidate;
}
