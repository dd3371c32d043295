/**
 * The guests of the matrix as data. A row is one guest: what it is, the hardware it was installed on, and
 * what of it ties it to that hardware. Every guest runs from its own bootloader, and its initial RAM
 * filesystem has the drivers of its own hardware and no others: without a conversion none of them starts on
 * virtio.
 */
export type DebianRelease = 'bullseye' | 'bookworm' | 'trixie';
export type Firmware = 'BIOS' | 'UEFI';
/** SATA is AHCI, SCSI is VMware's paravirtual controller. All have an Intel e1000 network card. */
export type DiskController = 'SATA' | 'NVME' | 'SCSI';
export type FilesystemType = 'ext4' | 'xfs' | 'btrfs';

/** Formatted whole, or in a partition of its own. */
export interface DataDisk {
  readonly type: FilesystemType;
  readonly isPartitioned: boolean;
}

export interface GuestRow {
  readonly name: string;
  readonly release: DebianRelease;
  readonly firmware: Firmware;
  readonly controller: DiskController;
  /** btrfs as Debian's installer makes it: root in the subvolume `@rootfs`. */
  readonly root: FilesystemType;
  /** Root and swap are logical volumes. */
  readonly hasLvm: boolean;
  readonly hasSeparateBoot: boolean;
  /** Disks beside the one it starts from; mounted at `/srv/data-1` and so on. */
  readonly dataDisks: readonly DataDisk[];
  /** How fstab, bootloader and resume device name what is no logical volume. */
  readonly namesDevicesBy: 'UUID' | 'HARDWARE';
  /** CLOUD_INIT: cloud-init writes netplan's file at each start, by the source's MAC address. */
  readonly network: 'IFUPDOWN' | 'NETWORKD' | 'NETPLAN' | 'CLOUD_INIT';
  readonly hasStaticAddress: boolean;
  /** Launched with the address it has on its own hardware (`copyPrivateIp`) instead of one by DHCP. */
  readonly keepsAddress?: boolean;
  /** Also started on the hardware it was installed on, which proves that it is a real guest. */
  readonly provesSource?: boolean;
  /** Also started on virtio without a conversion, which has to fail. */
  readonly provesNeed?: boolean;
}

export const RELEASE_NUMBERS: Readonly<Record<DebianRelease, number>> = {
  bullseye: 11,
  bookworm: 12,
  trixie: 13,
};

const PLAIN = {
  ...{ firmware: 'BIOS', controller: 'SATA', root: 'ext4', hasLvm: false, hasSeparateBoot: false },
  ...{ dataDisks: [], namesDevicesBy: 'UUID', network: 'IFUPDOWN', hasStaticAddress: false },
} as const satisfies Omit<GuestRow, 'name' | 'release'>;

const WHOLE_XFS: DataDisk = { type: 'xfs', isPartitioned: false };
const PARTITIONED_EXT4: DataDisk = { type: 'ext4', isPartitioned: true };
const WHOLE_BTRFS: DataDisk = { type: 'btrfs', isPartitioned: false };

const DEBIAN_12: readonly GuestRow[] = [
  {
    ...{ ...PLAIN, name: '12-bios-ext4-static', release: 'bookworm' },
    ...{ hasStaticAddress: true, provesSource: true, provesNeed: true },
  },
  {
    ...{ ...PLAIN, name: '12-uefi-lvm-xfs', release: 'bookworm', firmware: 'UEFI', controller: 'NVME' },
    ...{ root: 'xfs', hasLvm: true, hasSeparateBoot: true, network: 'NETWORKD' },
  },
  {
    ...{ ...PLAIN, name: '12-bios-btrfs-disks', release: 'bookworm', controller: 'SCSI', root: 'btrfs' },
    ...{ namesDevicesBy: 'HARDWARE', dataDisks: [PARTITIONED_EXT4, WHOLE_XFS] },
  },
  {
    ...{ ...PLAIN, name: '12-uefi-ext4', release: 'bookworm', firmware: 'UEFI', provesSource: true },
    ...{ hasSeparateBoot: true, hasStaticAddress: true },
  },
  {
    ...{ ...PLAIN, name: '12-bios-xfs-nvme', release: 'bookworm', controller: 'NVME', root: 'xfs' },
    ...{ namesDevicesBy: 'HARDWARE', dataDisks: [WHOLE_BTRFS], hasStaticAddress: true, network: 'NETWORKD' },
  },
  {
    ...{ ...PLAIN, name: '12-bios-lvm-ext4', release: 'bookworm', controller: 'SCSI', hasLvm: true },
    ...{ hasSeparateBoot: true, namesDevicesBy: 'HARDWARE', hasStaticAddress: true },
  },
  {
    ...{ ...PLAIN, name: '12-bios-ext4-netplan', release: 'bookworm', provesSource: true },
    ...{ network: 'NETPLAN', hasStaticAddress: true, keepsAddress: true },
  },
  {
    ...{ ...PLAIN, name: '12-uefi-ext4-cloud-init', release: 'bookworm', firmware: 'UEFI' },
    ...{ network: 'CLOUD_INIT', hasStaticAddress: true, keepsAddress: true, provesSource: true },
  },
];

const DEBIAN_11: readonly GuestRow[] = [
  {
    ...{ ...PLAIN, name: '11-bios-ext4-nvme', release: 'bullseye', controller: 'NVME' },
    ...{ namesDevicesBy: 'HARDWARE', hasStaticAddress: true, provesNeed: true },
  },
  {
    ...{ ...PLAIN, name: '11-uefi-xfs', release: 'bullseye', firmware: 'UEFI', controller: 'SCSI' },
    ...{ root: 'xfs', hasSeparateBoot: true, dataDisks: [PARTITIONED_EXT4] },
  },
  {
    ...{ ...PLAIN, name: '11-bios-btrfs', release: 'bullseye', root: 'btrfs' },
    ...{ namesDevicesBy: 'HARDWARE', network: 'NETWORKD' },
  },
  { ...PLAIN, name: '11-uefi-lvm-ext4', release: 'bullseye', firmware: 'UEFI', hasLvm: true },
];

const DEBIAN_13: readonly GuestRow[] = [
  {
    ...{ ...PLAIN, name: '13-bios-ext4', release: 'trixie', hasStaticAddress: true, provesNeed: true },
    ...{ namesDevicesBy: 'HARDWARE', dataDisks: [WHOLE_XFS, WHOLE_BTRFS] },
  },
  {
    ...{ ...PLAIN, name: '13-uefi-btrfs', release: 'trixie', firmware: 'UEFI', controller: 'NVME' },
    ...{ root: 'btrfs', network: 'NETWORKD', hasStaticAddress: true },
  },
  {
    ...{ ...PLAIN, name: '13-bios-lvm-xfs', release: 'trixie', controller: 'SCSI', root: 'xfs' },
    ...{ hasLvm: true, hasSeparateBoot: true },
  },
];

export const GUEST_ROWS: readonly GuestRow[] = [...DEBIAN_12, ...DEBIAN_11, ...DEBIAN_13];

const NETWORK_NAMES: Readonly<Record<GuestRow['network'], string>> = {
  IFUPDOWN: '',
  NETWORKD: 'systemd-networkd',
  NETPLAN: 'netplan',
  CLOUD_INIT: 'cloud-init, netplan',
};

/** What a table says is special about a guest. */
export function describeSpecialty(row: GuestRow): string {
  const parts = [
    `${row.firmware}, ${row.root}${row.hasLvm ? ' on LVM' : ''}`,
    row.hasSeparateBoot ? 'separate /boot' : '',
    row.dataDisks.length === 0 ? '' : `${1 + row.dataDisks.length} disks`,
    row.namesDevicesBy === 'HARDWARE' ? `fstab by ${deviceNameOf(row, 0)}` : '',
    row.hasStaticAddress ? `static IP${row.keepsAddress === true ? ', which it keeps' : ''}` : '',
    NETWORK_NAMES[row.network],
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** What the guest's own kernel calls a disk, or a partition of it. */
export function deviceNameOf(
  { controller }: Pick<GuestRow, 'controller'>,
  disk: number,
  partition?: number,
): string {
  if (controller === 'NVME') return `/dev/nvme${disk}n1${partition === undefined ? '' : `p${partition}`}`;
  return `/dev/sd${'abcdefghijklmnop'[disk]}${partition ?? ''}`;
}
