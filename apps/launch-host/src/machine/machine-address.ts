/** Where a machine is in a network, and the address that network keeps for it. */
import type { MachineSpecification } from '@landfall/channel';
import { type LaunchRequest, macAddressOf, type NetworkAddress } from '@landfall/launch';
import type { MachineContext } from './machine-context.ts';
import type { MachineRecord } from './machine-record.ts';

/** The address of the machine's network card, which conversion writes into the guest. */
export function macAddressFor({ specification, conversion }: MachineRecord): string {
  return specification.network?.macAddress ?? conversion.macAddress ?? macAddressOf(specification.machineId);
}

export function networkNameOf({ network }: MachineSpecification): Pick<LaunchRequest, 'networkName'> {
  return network?.networkName === undefined ? {} : { networkName: network.networkName };
}

/** For a guest that cannot ask for one; `undefined`: its network gives none that the host knows of. */
export async function reserveAddressFor(
  { services, record }: MachineContext,
  macAddress: string,
): Promise<NetworkAddress | undefined> {
  const { specification } = record();
  const { machineId, purpose } = specification;
  return await services.host.reserveAddress({
    ...{ machineId, purpose, macAddress },
    ...networkNameOf(specification),
  });
}
