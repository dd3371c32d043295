/**
 * The disks of a guest as the libvirt XML that virt-v2v reads. Source: libvirt, "Domain XML format". Of the
 * rest only what virt-v2v asks for is there: it changes the disks and makes no machine.
 */
import { assert } from '@landfall/runtime';
import type { ConversionDisk } from '../appliance/guestfs-appliance.ts';

/** The boot disk is first: there virt-v2v looks for the system. */
export function virtV2vDomain(disks: readonly Pick<ConversionDisk, 'overlayPath' | 'isBootDisk'>[]): string {
  assert(disks.length > 0 && disks.length <= 26, 'one to 26 disks');
  const ordered = disks.toSorted((left, right) => Number(right.isBootDisk) - Number(left.isBootDisk));
  return `<domain type='qemu'>
  <name>landfall</name>
  <memory unit='MiB'>1024</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <features><acpi/></features>
  <devices>
${ordered.map(({ overlayPath }, index) => diskElement(overlayPath, index)).join('\n')}
  </devices>
</domain>
`;
}

function diskElement(path: string, index: number): string {
  const target = `sd${String.fromCharCode(97 + index)}`;
  return `    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='${escapeXml(path)}'/>
      <target dev='${target}' bus='sata'/>
    </disk>`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
