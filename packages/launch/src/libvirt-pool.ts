/** A machine's folder as a storage pool, as libvirt's own tools make one of any folder with disks in it. */
import { domainName } from './libvirt-domain.ts';
import type { Virsh } from './libvirt-virsh.ts';
import type { MachinePlace } from './machine-host.ts';

export async function ensurePool(virsh: Virsh, { machineId, folder }: MachinePlace): Promise<void> {
  const name = domainName(machineId);
  if (!(await names(virsh, '--all')).includes(name))
    await virsh('pool-define-as', name, 'dir', '--target', folder);
  if (!(await names(virsh)).includes(name)) await virsh('pool-start', name);
}

/** The files stay; nothing to remove is success. */
export async function removePool(virsh: Virsh, { machineId }: MachinePlace): Promise<void> {
  const name = domainName(machineId);
  if ((await names(virsh)).includes(name)) await virsh('pool-destroy', name);
  if ((await names(virsh, '--all')).includes(name)) await virsh('pool-undefine', name);
}

async function names(virsh: Virsh, ...which: readonly string[]): Promise<string[]> {
  const text = await virsh('pool-list', '--name', ...which);
  return text.split('\n').map((line) => line.trim());
}
