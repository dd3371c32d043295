/** The network and the addresses that a launched machine gets, pure. */
import type { MachineNetwork } from '@landfall/channel';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { keptAddresses } from './kept-addresses.ts';
import type { LaunchTemplateData } from './launch-template.ts';

export interface WantedNetwork {
  /** Absent: the default of the launch host, and DHCP. */
  readonly network?: MachineNetwork;
  /** Where it is less than was asked for, and why. */
  readonly remarks: readonly string[];
}

/** The addresses as the source has them now; else those of the template. */
export function networkOf(
  {
    launchConfiguration,
    sourceProperties,
  }: Pick<SourceServerRecord, 'launchConfiguration' | 'sourceProperties'>,
  { networkName, addresses: fixed }: LaunchTemplateData,
): WantedNetwork {
  const isCopied = launchConfiguration.copyPrivateIp === true;
  const kept = isCopied ? keptAddresses(sourceProperties) : undefined;
  const addresses = kept !== undefined && 'addresses' in kept ? kept.addresses : fixed?.map(withoutAbsent);
  const remarks =
    kept !== undefined && 'missing' in kept
      ? [
          `copyPrivateIp: ${kept.missing}; the machine gets its address ${fixed ? 'of the template' : 'by DHCP'}`,
        ]
      : [];
  if (networkName === undefined && addresses === undefined) return { remarks };
  const named = networkName === undefined ? {} : { networkName };
  return { network: { ...named, ...(addresses === undefined ? {} : { addresses }) }, remarks };
}

type TemplateAddress = NonNullable<LaunchTemplateData['addresses']>[number];

function withoutAbsent({ address, gateway, nameServers }: TemplateAddress) {
  return {
    address,
    ...(gateway === undefined ? {} : { gateway }),
    ...(nameServers === undefined ? {} : { nameServers }),
  };
}
