/** Inspections of the kinds of guest there are, as data. */
import assert from 'node:assert/strict';
import type { OperationError } from '@landfall/runtime';
import type { Filesystem } from './fstab.ts';
import type { GuestFacts } from './guest-facts.ts';
import { impossible } from './impossible.ts';
import type { InitramfsContent } from './initramfs.ts';
import type { ForeignSystem, GuestInspection, InspectedKernel } from './inspection.ts';
import { parseKernelModules } from './kernel-modules.ts';

export interface GoldenGuest {
  readonly facts: GuestFacts;
  readonly found: GuestInspection | ForeignSystem | OperationError;
}

const MODULES_DEP = `kernel/drivers/virtio/virtio.ko:
kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/net/virtio_net.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/ata/ahci.ko: kernel/drivers/ata/libahci.ko
kernel/drivers/ata/libahci.ko:
kernel/drivers/nvme/host/nvme.ko:
kernel/drivers/scsi/sd_mod.ko: kernel/drivers/scsi/scsi_mod.ko
kernel/drivers/scsi/scsi_mod.ko:
kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko:
`;
const ESP_TYPE = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
const GIB = 2 ** 30;

function volume(device: string, type: string, uuid: string, partType?: string): Filesystem {
  const tags = { label: undefined, partUuid: undefined };
  return { device, type, uuid, ...tags, ...(partType === undefined ? {} : { partType }) };
}

/** `inside`: modules that its initial RAM filesystem has. */
export function kernelOf(
  version: string,
  inside: readonly string[],
  compression: InitramfsContent['compression'] = 'zstd',
): InspectedKernel {
  const names = inside.map((name) => `usr/lib/modules/${version}/${name}.ko`);
  const content = { compression, names: new Set(names), settings: new Map([['conf/modules', 'ext4\n']]) };
  return {
    version,
    modules: parseKernelModules(MODULES_DEP, 'kernel/fs/ext4/ext4.ko\n'),
    modulesFolder: `/lib/modules/${version}`,
    indexFiles: [`/lib/modules/${version}/modules.dep.bin`],
    initramfs: { path: `/boot/initrd.img-${version}`, content },
  };
}

const VIRTIO = ['virtio', 'virtio_ring', 'virtio_pci', 'virtio_blk'];

export interface GuestParts {
  readonly inspection?: Partial<GuestInspection>;
  readonly facts?: Partial<GuestFacts>;
  readonly files?: Readonly<Record<string, string>>;
  readonly present?: readonly string[];
}

/** A Debian on one disk that needs nothing, with parts of another in their place. */
export function guestOf({ inspection, facts, files = {}, present = [] }: GuestParts): GoldenGuest {
  const root = inspection?.root ?? volume('/dev/sda1', 'ext4', '1111');
  const found: GuestInspection = {
    disks: [{ diskId: 'disk-0', isBootDisk: true, sourceName: '/dev/sda', applianceName: '/dev/sda' }],
    filesystems: [root],
    os: { id: 'debian', versionId: '12', prettyName: 'Debian GNU/Linux 12 (bookworm)' },
    kernels: [kernelOf('6.1.0-18-amd64', VIRTIO)],
    initramfsBuilder: 'initramfs-tools',
    files: new Map(Object.entries({ '/etc/fstab': 'UUID=1111 / ext4 defaults 0 1\n', ...files })),
    present: new Set(present),
    links: new Map(),
    hasBiosBootCode: true,
    hasEfiPartition: false,
    ...inspection,
    root,
  };
  const told: GuestFacts = {
    ...{ disks: found.disks, filesystems: found.filesystems, volumeGroups: [], arrays: [] },
    ...{ hasBiosBootCode: found.hasBiosBootCode, files: found.files },
    present: new Set(['/boot/grub/grub.cfg', '/usr/bin/apt-get', ...present]),
    spaces: [{ mountPoint: '/', freeBytes: 8 * GIB, totalBytes: 20 * GIB }],
    ...facts,
  };
  return { facts: told, found };
}

/** The inspection of a guest that needs nothing, with parts of another in their place. */
export function inspectionOf(parts: GuestParts): GuestInspection {
  const { found } = guestOf(parts);
  assert.ok('root' in found);
  return found;
}

function withoutRoot(filesystems: readonly Filesystem[], found: GoldenGuest['found']): GoldenGuest {
  const none = { files: new Map(), present: new Set<string>(), spaces: [] };
  return { facts: { ...guestOf({}).facts, filesystems, ...none }, found };
}

const NVME = { diskId: 'disk-0', isBootDisk: true, sourceName: '/dev/nvme0n1', applianceName: '/dev/sda' };
const ESP = volume('/dev/sda1', 'vfat', 'AB-CD', ESP_TYPE);

/** On NVMe, `MODULES=dep`, everything named by hardware, a static address. */
export const DEBIAN_11_BIOS = guestOf({
  inspection: {
    disks: [NVME],
    os: { id: 'debian', versionId: '11', prettyName: 'Debian GNU/Linux 11 (bullseye)' },
    kernels: [kernelOf('5.10.0-28-amd64', ['nvme'], 'gzip')],
  },
  files: {
    '/etc/fstab': '/dev/nvme0n1p1 / ext4 errors=remount-ro 0 1\n/dev/sdb1 /data ext4 defaults 0 2\n',
    '/boot/grub/grub.cfg': 'linux /boot/vmlinuz root=/dev/nvme0n1p1 ro quiet\n',
    '/etc/default/grub': 'GRUB_DISABLE_LINUX_UUID=true\n',
    '/etc/initramfs-tools/conf.d/resume': 'RESUME=/dev/nvme0n1p5\n',
    '/etc/network/interfaces':
      'auto enp3s0\niface enp3s0 inet static\n    address 192.0.2.7\n    netmask 255.255.255.0\n',
  },
  present: ['/sbin/dhclient'],
});

/** From its own EFI system partition and the fallback path, cloud-init, replicated by us. */
export const DEBIAN_12_UEFI = guestOf({
  inspection: {
    filesystems: [ESP, volume('/dev/sda2', 'ext4', '1111')],
    root: volume('/dev/sda2', 'ext4', '1111'),
    ...{ hasBiosBootCode: false, hasEfiPartition: true },
  },
  facts: {
    spaces: [
      { mountPoint: '/', freeBytes: 8 * GIB, totalBytes: 20 * GIB },
      { mountPoint: '/boot/efi', freeBytes: 2 ** 20, totalBytes: 120 * 2 ** 20 },
    ],
  },
  files: {
    '/etc/fstab': 'UUID=1111 / ext4 defaults 0 1\nUUID=AB-CD /boot/efi vfat umask=0077 0 1\n',
    '/etc/netplan/50-cloud-init.yaml': 'network:\n  ethernets:\n    ens5:\n      dhcp4: true\n',
    '/etc/systemd/system/landfall-agent.service': '[Service]\n',
  },
  present: [
    '/etc/cloud/cloud.cfg',
    '/boot/efi/EFI/BOOT/BOOTX64.EFI',
    '/etc/systemd/system/landfall-agent.service',
    '/var/lib/landfall-agent',
  ],
});

/** Root in LVM, separate /boot; one volume group has lost a disk; a data disk in LUKS with a key file. */
export const DEBIAN_13_LVM = guestOf({
  inspection: {
    filesystems: [
      volume('/dev/sda1', 'ext4', 'b000'),
      volume('/dev/sda2', 'LVM2_member', 'aaaa'),
      volume('/dev/mapper/vg-root', 'ext4', '1111'),
      volume('/dev/mapper/vg-swap', 'swap', '5555'),
      volume('/dev/sda3', 'crypto_LUKS', '7777'),
    ],
    root: volume('/dev/mapper/vg-root', 'ext4', '1111'),
    os: { id: 'debian', versionId: '13', prettyName: 'Debian GNU/Linux 13 (trixie)' },
    kernels: [kernelOf('6.12.0-1-amd64', [...VIRTIO, 'ahci', 'libahci', 'nvme'])],
  },
  facts: {
    volumeGroups: [
      { name: 'vg', missingDisks: 0 },
      { name: 'archive', missingDisks: 1 },
    ],
  },
  files: {
    '/etc/fstab': '/dev/mapper/vg-root / ext4 defaults 0 1\nUUID=b000 /boot ext4 defaults 0 2\n',
    '/etc/crypttab': '# name device key\nvault UUID=7777 /etc/keys/vault.key luks\n',
  },
  present: ['/etc/keys/vault.key'],
});

export const LUKS_ROOT = withoutRoot(
  [volume('/dev/sda1', 'ext4', 'b000'), volume('/dev/sda2', 'crypto_LUKS', '7777')],
  impossible('ROOT_ENCRYPTED', 'its root filesystem is encrypted', 'decrypt the disk'),
);

const NTFS = [volume('/dev/sda1', 'ntfs', '1'), volume('/dev/sda2', 'ntfs', '2')];

export const WINDOWS = withoutRoot(NTFS, {
  ...{ family: 'WINDOWS', prettyName: 'Windows', disks: [NVME], filesystems: NTFS },
  ...{ hasBiosBootCode: true, hasEfiPartition: false },
});

export const VMWARE_GUEST = guestOf({
  inspection: { kernels: [kernelOf('6.1.0-18-amd64', ['mptspi', 'vmw_pvscsi'])] },
  files: { '/etc/crypttab': 'vault /dev/sda5 none luks\n' },
  facts: {
    filesystems: [volume('/dev/sda1', 'ext4', '1111'), volume('/dev/sda5', 'crypto_LUKS', '7777')],
  },
  present: ['/usr/bin/vmtoolsd', '/etc/udev/rules.d/70-persistent-net.rules'],
});

/** dracut, NetworkManager, SELinux, BLS entries, several kernels, little room. */
export const RHEL_LIKE = guestOf({
  inspection: {
    filesystems: [volume('/dev/sda1', 'xfs', 'b000'), volume('/dev/mapper/rl-root', 'xfs', '1111')],
    root: volume('/dev/mapper/rl-root', 'xfs', '1111'),
    os: { id: 'rocky', versionId: '9.4', prettyName: 'Rocky Linux 9.4 (Blue Onyx)' },
    kernels: ['5.14.0-427', '5.14.0-362', '5.14.0-284', '5.14.0-162'].map((version) =>
      kernelOf(version, ['ahci'], 'lz4'),
    ),
    initramfsBuilder: 'dracut',
  },
  facts: {
    present: new Set(['/boot/grub2/grub.cfg', '/usr/bin/dnf', '/usr/sbin/hv_kvp_daemon']),
    spaces: [
      { mountPoint: '/', freeBytes: GIB / 32, totalBytes: 20 * GIB },
      { mountPoint: '/boot', freeBytes: 2 ** 20, totalBytes: GIB },
    ],
  },
  files: {
    '/etc/fstab': '/dev/mapper/rl-root / xfs defaults 0 0\nUUID=b000 /boot xfs defaults 0 0\n',
    '/etc/selinux/config': '# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n',
    '/etc/NetworkManager/system-connections/ens192.nmconnection':
      '[connection]\ntype=ethernet\ninterface-name=ens192\n[ipv4]\nmethod=manual\n',
    '/etc/NetworkManager/system-connections/ens224.nmconnection':
      '[connection]\ntype=ethernet\ninterface-name=ens224\n[ipv4]\nmethod=auto\n',
  },
});

export const GOLDEN_GUESTS = {
  DEBIAN_11_BIOS,
  DEBIAN_12_UEFI,
  DEBIAN_13_LVM,
  LUKS_ROOT,
  WINDOWS,
  VMWARE_GUEST,
  RHEL_LIKE,
};
