/** Networks of a machine host, by name. */
import { OperationError } from '@landfall/runtime';

export interface HostNetwork {
  readonly name: string;
  /**
   * ISOLATED: the machine reaches nothing. USER and NAT: it reaches what the host reaches, under the host's
   * address. BRIDGE: it is a neighbour of the host's.
   */
  readonly kind: 'ISOLATED' | 'USER' | 'NAT' | 'BRIDGE' | 'OTHER';
}

export function networkUnknown(name: string, networks: readonly HostNetwork[]): OperationError {
  const known = networks.map((network) => network.name).join(', ');
  return new OperationError('NETWORK_UNKNOWN', `this launch host has no network ${name}`, {
    hint: `name one of its networks (${known === '' ? 'it has none' : known}) in the launch template`,
    context: { network: name },
  });
}
