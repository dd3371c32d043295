/** In which of libvirt's networks a machine is, and what guards it there. */
import type { Clock } from '@landfall/runtime';
import { type HostNetwork, networkUnknown } from './host-network.ts';
import type { DomainSurroundings } from './libvirt-domain.ts';
import {
  ensureIsolatedNetwork,
  ISOLATED_NETWORK,
  OPEN_NETWORK,
  planIsolatedNetwork,
} from './libvirt-isolation.ts';
import { parseNetwork } from './libvirt-state.ts';
import { type Virsh, withFile } from './libvirt-virsh.ts';
import { InboundFilter } from './linux-inbound-filter.ts';
import type { InboundRequest, NetworkPlace } from './machine-host.ts';
import { keptNetwork } from './user-network.ts';

export class LibvirtNetworks {
  readonly #virsh: Virsh;
  readonly #filter: InboundFilter;
  #isolated: Promise<void> = Promise.resolve();

  constructor(virsh: Virsh, clock: Clock) {
    this.#virsh = virsh;
    this.#filter = new InboundFilter(clock);
  }

  async describe(): Promise<readonly HostNetwork[]> {
    return await Promise.all((await this.#names()).map((name) => this.#describe(name)));
  }

  /** OWN: none of libvirt's. Errors: NETWORK_UNKNOWN, NETWORK_NOT_ISOLATED. */
  async choose(place: NetworkPlace): Promise<DomainSurroundings['network']> {
    if (hasOwnNetwork(place)) return 'OWN';
    const isOpen = place.purpose === 'CUTOVER';
    const name = nameFor(place);
    if (name === ISOLATED_NETWORK) {
      await this.#isolate();
      return { name, isIsolated: true };
    }
    if (!(await this.#names()).includes(name)) throw networkUnknown(name, await this.describe());
    const { kind } = await this.#describe(name);
    return { name, isIsolated: kind === 'ISOLATED' && !isOpen };
  }

  /** M8; who has lost these rules may have lost the guard of the isolated network with them (N1). */
  async closePorts(request: InboundRequest): Promise<void> {
    if (hasOwnNetwork(request)) return;
    const isIsolated = nameFor(request) === ISOLATED_NETWORK;
    await this.#filter.keep(request, isIsolated ? () => this.#isolate() : undefined);
  }

  async removeRules(machineId: string): Promise<void> {
    await this.#filter.remove(machineId);
  }

  /** One at a time: the guard of one machine must not be taken apart for another's. */
  async #isolate(): Promise<void> {
    const ensure = () => withFile(planIsolatedNetwork(), (path) => ensureIsolatedNetwork(this.#virsh, path));
    this.#isolated = this.#isolated.then(ensure, ensure);
    await this.#isolated;
  }

  async #names(): Promise<string[]> {
    return (await this.#virsh('net-list', '--all', '--name')).split('\n').filter((name) => name !== '');
  }

  async #describe(name: string): Promise<HostNetwork> {
    return parseNetwork(await this.#virsh('net-dumpxml', name));
  }
}

/** D3. */
export function hasOwnNetwork({ purpose, networkName, network }: NetworkPlace): boolean {
  const isByDefault = purpose !== 'CUTOVER' && networkName === undefined;
  return isByDefault && keptNetwork(network?.addresses) !== undefined;
}

function nameFor({ purpose, networkName }: NetworkPlace): string {
  return networkName ?? (purpose === 'CUTOVER' ? OPEN_NETWORK : ISOLATED_NETWORK);
}
