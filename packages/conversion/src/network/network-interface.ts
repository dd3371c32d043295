/** What the systems that configure a guest's network have in common; each has a file of its own. */
import type { Addressing } from './network-address.ts';

export type NetworkSystemName = 'ifupdown' | 'netplan' | 'systemd-networkd' | 'NetworkManager' | 'ifcfg';

export interface ConfiguredInterface {
  readonly system: NetworkSystemName;
  readonly path: string;
  /** `undefined`: matched by something else than its name. */
  readonly name: string | undefined;
  readonly usesDhcp: boolean;
  /**
   * Matched by the source's MAC address, so that it applies to nothing on other hardware; or given it, so
   * that two machines would have it.
   */
  readonly boundToMac: boolean;
  /** Has no address of its own: a bridge or bond on top of it has. */
  readonly isMember: boolean;
  /** The part of the file that is about it. */
  readonly text: string;
}

/** The target's interface, as the guest shall see it. */
export interface WantedInterface extends Addressing {
  readonly macAddress: string;
  /** `undefined`: the source's configuration names none. */
  readonly name: string | undefined;
}

export type FileChange =
  | { readonly kind: 'WRITE'; readonly path: string; readonly text: string; readonly mode?: number }
  /** Out of the way of the system that reads it; the text stays beside it. */
  | { readonly kind: 'ASIDE'; readonly path: string };

export interface NetworkSystem {
  /** The interfaces that a file configures; none, when it is not one of this system's. */
  find(path: string, text: string): ConfiguredInterface[];
  /**
   * What has to change in the guest's files so that the wanted interface is configured. Does nothing a second
   * time: a text that is already there may be returned.
   */
  configure(
    wanted: WantedInterface,
    primary: ConfiguredInterface,
    files: ReadonlyMap<string, string>,
  ): FileChange[];
}

const INTERFACE_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,14}$/;
/** Interfaces made by software: they come back by themselves, on top of the one that gets its name. */
const VIRTUAL_NAME = /^(lo|br|bond|team|dummy|tun|tap|wg|veth|virbr|docker|vlan)[0-9-]*$/;

export function isInterfaceName(name: string): boolean {
  return INTERFACE_NAME.test(name);
}

export function isPhysicalName(name: string): boolean {
  return isInterfaceName(name) && !VIRTUAL_NAME.test(name);
}
