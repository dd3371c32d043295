/** What libvirt itself says that it can run here. */

import type { Virsh } from './libvirt-virsh.ts';
import { MACHINE_TYPES } from './qemu-capabilities.ts';
import type { ProbeResult } from './qemu-probe.ts';

export interface LibvirtOffers {
  /** `libvirt 9.0.0, QEMU 7.2.22`. */
  readonly version: string;
  /** Those of ours that it has. */
  readonly machineTypes: readonly string[];
  readonly hasKvm: boolean;
}

/** Errors: those of virsh. */
export async function askLibvirt(virsh: Virsh): Promise<LibvirtOffers> {
  const version = parseLibvirtVersion(await virsh('version'));
  return { version, ...parseCapabilities(await virsh('capabilities')) };
}

/** Of `virsh version`. */
export function parseLibvirtVersion(text: string): string {
  const library = /^Using library: (.+)$/m.exec(text)?.[1] ?? 'libvirt';
  const hypervisor = /^Running hypervisor: (.+)$/m.exec(text)?.[1];
  return hypervisor === undefined ? library : `${library}, ${hypervisor}`;
}

/** Of `virsh capabilities`: the guests of 64-bit PCs. */
export function parseCapabilities(xml: string): Omit<LibvirtOffers, 'version'> {
  const guests = xml.split('<guest>').slice(1);
  const ours = guests.find((guest) => /<arch name=['"]x86_64['"]/.test(guest)) ?? '';
  const names = new Set([...ours.matchAll(/<machine\b[^>]*>([^<]+)<\/machine>/g)].map(([, name]) => name));
  return {
    machineTypes: MACHINE_TYPES.filter((name) => names.has(name)),
    hasKvm: /<domain type=['"]kvm['"]/.test(ours),
  };
}

/** KVM works here: it is of use only if libvirt has it, too. */
export function asLibvirtHasIt({ accelerator, reason }: ProbeResult, hasKvm: boolean): ProbeResult {
  if (accelerator === 'tcg' || hasKvm) return { accelerator, reason };
  return { accelerator: 'tcg', reason: `libvirt has no machines of type kvm, though ${reason}` };
}
