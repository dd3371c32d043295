/** Kernel command lines in bootloader configuration: devices named by hardware become UUIDs. */
import { isHardwareName } from './device-names.ts';
import { findFilesystem, type GuestDevices } from './fstab.ts';

export interface BootRewrite {
  readonly text: string;
  readonly changes: readonly { readonly before: string; readonly after: string }[];
  /** Names that belong to none of the disks. */
  readonly unresolved: readonly string[];
}

const DEVICE_ARGUMENT = /\b(root|resume)=(\/dev\/[^\s"']+)/g;

/**
 * Works on any text that holds kernel command lines: grub.cfg, BLS entries, extlinux.conf, /etc/default/grub.
 */
export function rewriteKernelArguments(text: string, devices: GuestDevices): BootRewrite {
  const changes = new Map<string, { before: string; after: string }>();
  const unresolved = new Set<string>();
  const rewritten = text.replace(DEVICE_ARGUMENT, (before: string, name: string, device: string) => {
    if (!isHardwareName(device)) return before;
    const found = findFilesystem(device, devices);
    const uuid = (found ?? (name === 'root' ? devices.root : undefined))?.uuid;
    if (uuid === undefined) {
      unresolved.add(before);
      return before;
    }
    const after = `${name}=UUID=${uuid}`;
    changes.set(before, { before, after });
    return after;
  });
  return { text: rewritten, changes: [...changes.values()], unresolved: [...unresolved] };
}

const DISABLE_UUID = /^(\s*GRUB_DISABLE_LINUX_(?:PART)?UUID\s*=.*)$/gm;

/** Lets a later `update-grub` in the guest keep naming root by UUID. */
export function allowUuidsInGrubDefaults(text: string): string {
  return text.replace(DISABLE_UUID, (line: string) => (/=\s*"?false"?/.test(line) ? line : `# ${line}`));
}
