/** The addresses a launched machine keeps of its source (`copyPrivateIp`), pure. */
import type { KeptAddress } from '@landfall/channel';
import type { SourceProperties } from '@landfall/model';

export type KeptAddresses =
  | { readonly addresses: readonly KeptAddress[] }
  /** Why there are none to keep. */
  | { readonly missing: string };

/** Of the primary interface: the target has one. Addresses that belong to the link alone are left out. */
export function keptAddresses({ networkInterfaces, nameServers }: SourceProperties): KeptAddresses {
  const primary = networkInterfaces.find(({ isPrimary }) => isPrimary) ?? networkInterfaces[0];
  if (primary === undefined) return { missing: 'the agent reports no network interface' };
  const told = primary.addresses?.filter(({ address }) => !isLinkLocal(address)) ?? [];
  if (told.length === 0) {
    return { missing: 'the agent reports no addresses with their prefix lengths; update it' };
  }
  const servers = nameServers === undefined || nameServers.length === 0 ? {} : { nameServers };
  return {
    addresses: told.map(({ address, gateway }, index) => ({
      address,
      ...(gateway === undefined ? {} : { gateway }),
      ...(index === 0 ? servers : {}),
    })),
  };
}

function isLinkLocal(address: string): boolean {
  return /^(fe[89ab][0-9a-f]:|169\.254\.)/i.test(address);
}
