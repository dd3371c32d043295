/**
 * Addresses that libvirt's networks keep for machines whose guests cannot ask for one: as entries of the
 * network's own DHCP service, under the domain's name, so that nobody else is given them.
 *
 * A1  What is reserved is asked of libvirt, each time: an entry outlives this program, and goes with its
 *     machine.
 * A2  An address that somebody holds, or that is reserved for somebody else, is not taken. Who reserved one
 *     for the machine's card knew why: that is its address.
 */
import { OperationError } from '@landfall/runtime';
import { chooseAddress, parseLeases, parseNetworkAddresses, prefixedAddress } from './dhcp-range.ts';
import { isDomainName } from './libvirt-domain.ts';
import type { Virsh } from './libvirt-virsh.ts';
import type { NetworkAddress } from './machine-host.ts';
import { element, writeXml } from './xml-writer.ts';

export interface AddressOwner {
  /** Of the domain. */
  readonly name: string;
  readonly mac: string;
}

export class ReservedAddresses {
  readonly #virsh: Virsh;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(virsh: Virsh) {
    this.#virsh = virsh;
  }

  /** `undefined`: the network gives no addresses that libvirt knows of. */
  async reserve(network: string, owner: AddressOwner): Promise<NetworkAddress | undefined> {
    const reserved = this.#turn.then(() => this.#reserveNow(network, owner));
    // One at a time, so that two machines do not choose the same.
    this.#turn = reserved.then(
      () => undefined,
      () => undefined,
    );
    return await reserved;
  }

  async find(name: string): Promise<string | undefined> {
    for (const network of await this.#networks()) {
      const reserved = (await this.#reservations(network)).find((each) => each.name === name);
      if (reserved !== undefined) return reserved.address;
    }
    return undefined;
  }

  /** Nothing to give back is success. */
  async release(name: string): Promise<void> {
    for (const network of await this.#networks()) {
      for (const { name: owner, mac, address } of await this.#reservations(network)) {
        if (owner === name && mac !== undefined)
          await this.#update(network, 'delete', { name, mac }, address);
      }
    }
  }

  async #reserveNow(network: string, owner: AddressOwner): Promise<NetworkAddress | undefined> {
    const found = parseNetworkAddresses(await this.#virsh('net-dumpxml', network));
    if (found === undefined) return undefined;
    const same = found.reservations.find(({ mac }) => mac?.toLowerCase() === owner.mac.toLowerCase());
    if (same !== undefined && (same.name === owner.name || !isDomainName(same.name)))
      return prefixedAddress(found, same.address);
    // Of a machine before this one with the same card, or of this one with another.
    for (const { name, mac, address } of found.reservations) {
      if (name !== undefined && mac !== undefined && (name === owner.name || mac === same?.mac))
        await this.#update(network, 'delete', { name, mac }, address);
    }
    const leases = parseLeases(await this.#virsh('net-dhcp-leases', network));
    const address = chooseAddress(found, leases, owner.mac);
    if (address === undefined) throw noAddressLeft(network);
    await this.#update(network, 'add', owner, address);
    return prefixedAddress(found, address);
  }

  async #reservations(network: string) {
    return parseNetworkAddresses(await this.#virsh('net-dumpxml', network))?.reservations ?? [];
  }

  /** Now, and after a restart of the network. */
  async #update(
    network: string,
    command: 'add' | 'delete',
    { name, mac }: AddressOwner,
    ip: string,
  ): Promise<void> {
    const entry = writeXml(element('host', { mac, name, ip })).trim();
    const isActive = (await this.#virsh('net-list', '--name')).split('\n').includes(network);
    const isPersistent = (await this.#virsh('net-list', '--all', '--persistent', '--name'))
      .split('\n')
      .includes(network);
    const scope = [...(isActive ? ['--live'] : []), ...(isPersistent ? ['--config'] : [])];
    await this.#virsh('net-update', network, command, 'ip-dhcp-host', entry, ...scope);
  }

  async #networks(): Promise<string[]> {
    return (await this.#virsh('net-list', '--all', '--name')).split('\n').filter((name) => name !== '');
  }
}

function noAddressLeft(network: string): OperationError {
  return new OperationError('MACHINE_REFUSED', `the network ${network} has no address left`, {
    hint: 'terminate machines that are no longer needed, or give the network a larger range',
    context: { network },
  });
}
