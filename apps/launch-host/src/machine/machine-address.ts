/** Where a machine is in a network, and the address that network keeps for it. */
import type { MachineSpecification } from '@landfall/channel';
import { type LaunchRequest, macAddressOf, type NetworkAddress, type NetworkPlace } from '@landfall/launch';
import type { MachineContext } from './machine-context.ts';
import type { MachineRecord } from './machine-record.ts';

/** The address of the machine's network card, which conversion writes into the guest. */
export function macAddressFor({ specification, conversion }: MachineRecord): string {
  return specification.network?.macAddress ?? conversion.macAddress ?? macAddressOf(specification.machineId);
}

export function networkNameOf({ network }: MachineSpecification): Pick<LaunchRequest, 'networkName'> {
  return network?.networkName === undefined ? {} : { networkName: network.networkName };
}

export function networkPlaceOf(specification: MachineSpecification): NetworkPlace {
  const { machineId, purpose, network } = specification;
  const kept = network === undefined ? {} : { network };
  return { machineId, purpose, ...networkNameOf(specification), ...kept };
}

/** For a guest that cannot ask for one; `undefined`: its network gives none that the host knows of. */
export async function reserveAddressFor(
  { services, record }: MachineContext,
  macAddress: string,
): Promise<NetworkAddress | undefined> {
  const place = networkPlaceOf(record().specification);
  return await services.host.reserveAddress({ ...place, macAddress });
}
