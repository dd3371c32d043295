/** Addresses that a launched machine is to have, checked before they become text in a guest's files. */
import { OperationError } from '@landfall/runtime';

/** As the control plane sends it. */
export interface KeptAddress {
  /** IPv4 or IPv6 with prefix length, `192.0.2.10/24`. */
  readonly address: string;
  readonly gateway?: string;
  readonly nameServers?: readonly string[];
}

export interface FixedAddress {
  readonly family: 4 | 6;
  readonly host: string;
  readonly prefixLength: number;
  readonly gateway: string | undefined;
}

/** What an interface is to have; without addresses it asks DHCP. */
export interface Addressing {
  readonly addresses: readonly FixedAddress[];
  readonly nameServers: readonly string[];
}

export const BY_DHCP: Addressing = { addresses: [], nameServers: [] };

const PREFIX_LENGTH_MAX = { 4: 32, 6: 128 } as const;

/** Errors: LAUNCH_ADDRESS_INVALID. */
export function readAddressing(kept: readonly KeptAddress[]): Addressing {
  const addresses = kept.map(readAddress);
  const nameServers = [...new Set(kept.flatMap((each) => each.nameServers ?? []))];
  const wrong = nameServers.find((each) => familyOf(each) === undefined);
  if (wrong !== undefined) throw invalid(wrong, 'a name server is an IPv4 or IPv6 address');
  return { addresses, nameServers };
}

export function addressesOf({ addresses }: Addressing, family: 4 | 6): FixedAddress[] {
  return addresses.filter((each) => each.family === family);
}

export function withPrefix({ host, prefixLength }: FixedAddress): string {
  return `${host}/${prefixLength}`;
}

/** For a person. */
export function addressingText({ addresses }: Addressing): string {
  return addresses.length === 0 ? 'DHCP' : addresses.map(withPrefix).join(', ');
}

function readAddress({ address, gateway }: KeptAddress): FixedAddress {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(address);
  const host = match?.[1] ?? '';
  const family = familyOf(host);
  const prefixLength = Number(match?.[2]);
  if (family === undefined || prefixLength > PREFIX_LENGTH_MAX[family]) {
    throw invalid(address, 'an address has its prefix length, like 192.0.2.10/24 or 2001:db8::10/64');
  }
  if (gateway !== undefined && familyOf(gateway) !== family) {
    throw invalid(gateway, `the gateway of ${address} is an address of the same kind`);
  }
  return { family, host, prefixLength, gateway };
}

function familyOf(text: string): 4 | 6 | undefined {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  if (octets !== undefined) return octets.every((octet) => Number(octet) <= 255) ? 4 : undefined;
  return /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`) ? 6 : undefined;
}

function invalid(text: string, hint: string): OperationError {
  const shown = JSON.stringify(text.slice(0, 100));
  return new OperationError('LAUNCH_ADDRESS_INVALID', `${shown} is no address a machine can have`, { hint });
}
