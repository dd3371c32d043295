/**
 * Every code a preflight can find. `docs/preflight.md` is written from here; `tidy.test.ts` proves that each
 * is used. Sorted by rank, then by code.
 */
import type { FindingEntry } from './preflight.ts';

const BLOCKERS = {
  BOOTLOADER_MISSING: {
    rank: 'BLOCKER',
    why: 'Firmware finds nothing to start: no code in the boot sector and no EFI system partition.',
    remedy: '`grub-install DISK && update-grub` on the source server.',
  },
  BOOT_MODE_MISMATCH: {
    rank: 'BLOCKER',
    why: 'The launch configuration asks for firmware that this system cannot be started by.',
    remedy: '`aws mgn update-launch-configuration --source-server-id ID --boot-mode USE_SOURCE`',
  },
  DATA_ENCRYPTED: {
    rank: 'BLOCKER',
    why: 'An encrypted volume that has no key file asks for its passphrase at every start, and nobody is there to type it.',
    remedy: 'Give it a key file in /etc/crypttab, or add `nofail` there, on the source server.',
  },
  DRIVERS_MISSING: {
    rank: 'BLOCKER',
    why: 'The kernel has no drivers for the hardware of the target, built in or as modules.',
    remedy:
      "Install the distribution's generic kernel on the source server, e.g. `apt-get install linux-image-amd64`.",
  },
  EFI_LOADER_MISSING: {
    rank: 'BLOCKER',
    why: 'The firmware of a launched machine starts EFI/BOOT/BOOTX64.EFI, and there is no loader that could stand there.',
    remedy:
      '`grub-install --force-extra-removable && update-grub`, or `bootctl install`, on the source server.',
  },
  FIRMWARE_ABSENT: {
    rank: 'BLOCKER',
    why: 'The system starts from UEFI, and the launch host has no such firmware.',
    remedy: '`apt-get install ovmf` on the launch host.',
  },
  INITRAMFS_FIXED: {
    rank: 'BLOCKER',
    why: 'The initial RAM filesystem lacks drivers and can be neither extended nor rebuilt.',
    remedy: 'Rebuild it on the source server with virtio_blk and virtio_pci.',
  },
  INITRAMFS_MISSING: {
    rank: 'BLOCKER',
    why: 'The drivers of the target are modules, and without an initial RAM filesystem they cannot be loaded before root.',
    remedy: '`update-initramfs -c -k all`, or `dracut --regenerate-all --force`, on the source server.',
  },
  KERNEL_MISSING: {
    rank: 'BLOCKER',
    why: 'VIRTIO hardware is asked for, and there is no kernel in /boot that could be made ready for it.',
    remedy: 'Install a kernel package on the source server, e.g. `apt-get install linux-image-amd64`.',
  },
  ROOT_ENCRYPTED: {
    rank: 'BLOCKER',
    why: 'The root filesystem is encrypted and its key is not at hand: it can be neither converted nor started unattended.',
    remedy:
      'Decrypt it on the source server (`cryptsetup reencrypt --decrypt`), or migrate this server by hand.',
  },
  ROOT_MISSING: {
    rank: 'BLOCKER',
    why: 'No root filesystem was found on the replicated disks.',
    remedy: '`landfall server include-disk` when the boot disk is excluded; else try another recovery point.',
  },
  SPACE_MISSING: {
    rank: 'BLOCKER',
    why: 'What a launch writes into the copy does not fit.',
    remedy: 'Remove old kernels on the source server, e.g. `apt-get autoremove --purge`.',
  },
  VIRT_V2V_ABSENT: {
    rank: 'BLOCKER',
    why: 'The launch template asks for conversion by virt-v2v, and the launch host does not have it.',
    remedy:
      '`apt-get install virt-v2v` on the launch host, or `landfall launch-template set SERVER --conversion automatic`.',
  },
  VOLUME_INCOMPLETE: {
    rank: 'BLOCKER',
    why: 'A volume group needs a disk that is not replicated: its volumes may not come up.',
    remedy:
      '`landfall server include-disk` for the disk, or take it out of the group on the source server (`vgreduce`).',
  },
} as const satisfies Record<string, FindingEntry>;

const FIXED = {
  AGENT_INSTALLED: {
    rank: 'WILL_BE_FIXED',
    why: "A copy whose agent runs would answer in the source's name.",
    remedy: 'Nothing: only the copy is changed.',
  },
  BOOTLOADER_BY_HARDWARE: {
    rank: 'WILL_BE_FIXED',
    why: 'The kernel is told of root by a name that is another one on the target.',
    remedy: 'Remove GRUB_DISABLE_LINUX_UUID from /etc/default/grub and run `update-grub`.',
  },
  CLOUD_INIT_NETWORK: {
    rank: 'WILL_BE_FIXED',
    why: 'cloud-init would write the network configuration again, for hardware it does not find.',
    remedy: 'Put `network: {config: disabled}` into a file in /etc/cloud/cloud.cfg.d.',
  },
  EFI_FALLBACK_MISSING: {
    rank: 'WILL_BE_FIXED',
    why: 'The firmware of a launched machine begins without boot entries and knows one loader only: EFI/BOOT/BOOTX64.EFI.',
    remedy:
      '`grub-install --force-extra-removable && update-grub`, or `bootctl install`, on the source server.',
  },
  FSTAB_BY_HARDWARE: {
    rank: 'WILL_BE_FIXED',
    why: 'Entries of /etc/fstab or /etc/crypttab name disks that have another name on the target, or that are not replicated.',
    remedy:
      'Name file systems and encrypted volumes by UUID (`blkid` shows them); add `nofail` to what may be absent.',
  },
  INITRAMFS_LACKS_DRIVERS: {
    rank: 'WILL_BE_FIXED',
    why: 'Without the drivers of the target in it, root is not found.',
    remedy:
      "`printf 'virtio_pci\\nvirtio_blk\\n' >> /etc/initramfs-tools/modules && update-initramfs -u -k all`",
  },
  INITRAMFS_SETTINGS: {
    rank: 'WILL_BE_FIXED',
    why: 'The next update of a kernel would build an initial RAM filesystem without the drivers again.',
    remedy: 'As for INITRAMFS_LACKS_DRIVERS.',
  },
  NETWORK_BY_HARDWARE: {
    rank: 'WILL_BE_FIXED',
    why: 'The name of a network interface comes from the hardware; services bound to it would lose it.',
    remedy: 'Nothing: the interface of the target gets the name by its MAC address.',
  },
  NETWORK_KEPT: {
    rank: 'WILL_BE_FIXED',
    why: "The launch configuration keeps the source's addresses: they move to the interface of the target.",
    remedy: 'Nothing: only the copy is changed.',
  },
  NETWORK_NOT_DHCP: {
    rank: 'WILL_BE_FIXED',
    why: 'The addresses of the source belong to its network; the target has another one.',
    remedy: 'Nothing: only the copy is changed.',
  },
  NETWORK_RULES: {
    rank: 'WILL_BE_FIXED',
    why: "Old udev rules keep the interface's name for the MAC address of the source.",
    remedy: '`rm /etc/udev/rules.d/70-persistent-net.rules`',
  },
  RESUME_BY_HARDWARE: {
    rank: 'WILL_BE_FIXED',
    why: 'Waiting for a resume device that is not there would hold up every start.',
    remedy: 'Set RESUME=none in /etc/initramfs-tools/conf.d/resume, then `update-initramfs -u -k all`.',
  },
} as const satisfies Record<string, FindingEntry>;

const NOTES = {
  CONVERTED_BY_VIRT_V2V: {
    rank: 'NOTE',
    why: 'virt-v2v makes its drivers ready: it knows more systems, and takes minutes where ours takes seconds.',
    remedy: 'Nothing.',
  },
  DATA_UNLOCKED_BY_KEY: {
    rank: 'NOTE',
    why: 'An encrypted volume is replicated as it is, and opens on the target as it does on the source, or stays closed.',
    remedy: 'Nothing.',
  },
  HARDWARE_COMPATIBLE: {
    rank: 'NOTE',
    why: 'The machine gets SATA disks and an e1000e network card, which every system knows and which are slower than virtio.',
    remedy: 'Install a kernel with virtio drivers, and launch a test to see that it starts.',
  },
  HYPERVISOR_TOOLS: {
    rank: 'NOTE',
    why: 'Tools of the hypervisor the server ran on have nothing to talk to on the target; most stop by themselves.',
    remedy: "Remove them after the cutover, with the system's package tool.",
  },
  INTERFACES_LOST: {
    rank: 'NOTE',
    why: 'The target has one network interface.',
    remedy: 'Check that no service needs the addresses of the others.',
  },
  MOUNT_UNCERTAIN: {
    rank: 'NOTE',
    why: 'It cannot be told whether the file system that an entry of /etc/fstab names will be there: the machine starts either way.',
    remedy:
      'Name it by UUID in /etc/fstab on the source server (`blkid` shows it), and launch a test to see it mounted.',
  },
  NETWORK_DRIVER_MISSING: {
    rank: 'NOTE',
    why: 'The machine starts, and its kernel has no driver for the network card it gets.',
    remedy: "Install the distribution's generic kernel on the source server.",
  },
  NETWORK_LAYERED: {
    rank: 'NOTE',
    why: 'A bridge, bond or the like has the addresses: its configuration is kept, and may not fit the network of the target.',
    remedy: 'Launch a test and see whether its network comes up.',
  },
  NETWORK_UNADDRESSED: {
    rank: 'NOTE',
    why: 'The system has a static address and no DHCP client, and the launch host knows no address of the network the machine is in.',
    remedy:
      'Install a DHCP client on the source server (`apt-get install isc-dhcp-client`), or set `addresses` in the launch template.',
  },
  NETWORK_UNKNOWN: {
    rank: 'NOTE',
    why: 'No network configuration of a known kind was found: the system decides for itself.',
    remedy: 'Launch a test and see whether its network comes up.',
  },
  OLDER_KERNELS: {
    rank: 'NOTE',
    why: 'Only the newest kernels are made ready for the target; the older ones may not start there.',
    remedy: 'Remove kernels that are no longer needed.',
  },
  SELINUX_ENFORCING: {
    rank: 'NOTE',
    why: 'Files that a launch writes have no SELinux label.',
    remedy: '`restorecon -R /etc /boot` on the launched machine.',
  },
  SPACE_LOW: {
    rank: 'NOTE',
    why: 'A full file system keeps services from starting, and a launch needs a little room.',
    remedy: 'Free some space on the source server.',
  },
  SYSTEM_UNTESTED: {
    rank: 'NOTE',
    why: 'Launches are tested with Debian 11, 12 and 13; others mostly work the same way.',
    remedy: 'Launch a test before the cutover.',
  },
  WINDOWS_UNTESTED: {
    rank: 'NOTE',
    why: 'Windows is converted by virt-v2v, or runs as it is on SATA and e1000e; neither was ever tested.',
    remedy:
      '`apt-get install virt-v2v` on the launch host, the drivers of virtio-win in /usr/share/virtio-win, and a test launch.',
  },
} as const satisfies Record<string, FindingEntry>;

export const FINDINGS = { ...BLOCKERS, ...FIXED, ...NOTES };
