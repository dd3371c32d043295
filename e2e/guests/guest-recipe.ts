/**
 * How a guest is made, as texts: the files in it, the shell script that runs in its root folder, and the
 * commands that put it on its disks in a libguestfs appliance. Pure, and what the cache's key is made of.
 *
 * The initial RAM filesystem is what `MODULES=dep` gives on the source's own hardware. It cannot be built
 * that way here, because `dep` asks the hardware it runs on; so it is built with `MODULES=list` and exactly
 * the drivers that `dep` would find there (those of the disk controller and of root's file system), and then
 * the settings are put back to `MODULES=dep`, which is what the guest's owner would have.
 */
import {
  applianceDevice,
  applianceLabel,
  BTRFS_ROOT,
  DATA_DISK_BYTES,
  layOut,
  ROOT_DISK_BYTES,
  VOLUME_GROUP,
  type Volume,
} from './guest-layout.ts';
import { type GuestFile, networkFiles } from './guest-network.ts';
import type { DiskController, FilesystemType, GuestRow } from './guest-row.ts';

/** Of the disk that is the archive of the guest's files. */
const ARCHIVE_LABEL = 'archive';
export const FACTS_PATH = '/cgi-bin/facts';

const PACKAGES = [
  ...['linux-image-amd64', 'initramfs-tools', 'busybox', 'zstd'],
  ...['grub2-common', 'grub-pc-bin', 'grub-efi-amd64-bin'],
  ...['systemd-sysv', 'udev', 'dbus', 'kmod', 'procps', 'iproute2', 'ifupdown', 'isc-dhcp-client'],
  ...['e2fsprogs', 'xfsprogs', 'btrfs-progs', 'dosfstools', 'lvm2'],
];

/** Beside those, by how a guest's network is configured. */
const NETWORK_PACKAGES: Readonly<Record<GuestRow['network'], readonly string[]>> = {
  IFUPDOWN: [],
  NETWORKD: [],
  NETPLAN: ['netplan.io'],
  CLOUD_INIT: ['netplan.io', 'cloud-init'],
};

/** Drivers that no row has use for. */
const LEFT_OUT = [
  ...['sound', 'net/wireless', 'net/mac80211', 'net/bluetooth', 'net/sctp', 'net/ceph'],
  ...['gpu', 'media', 'infiniband', 'staging', 'isdn', 'iio', 'usb', 'target', 'crypto', 'video'].map(
    (name) => `drivers/${name}`,
  ),
  ...['wireless', 'ethernet/mellanox', 'ethernet/broadcom', 'ethernet/chelsio', 'ethernet/qlogic'].map(
    (name) => `drivers/net/${name}`,
  ),
  ...['ocfs2', 'ceph', 'cifs', 'smb', 'nfs', 'nfsd', 'gfs2', 'afs', 'f2fs', 'jfs', 'reiserfs'].map(
    (name) => `fs/${name}`,
  ),
];

const CONTROLLER_DRIVERS: Readonly<Record<DiskController, readonly string[]>> = {
  SATA: ['ahci', 'sd_mod'],
  NVME: ['nvme'],
  SCSI: ['vmw_pvscsi', 'sd_mod'],
};

const FILESYSTEM_DRIVERS: Readonly<Record<FilesystemType, readonly string[]>> = {
  ext4: ['ext4', 'crc32c_generic'],
  xfs: ['xfs', 'crc32c_generic'],
  btrfs: ['btrfs', 'crc32c_generic'],
};

const WEB_SERVICE = `[Unit]
Description=Tells whoever asks that this guest runs, and what it is
After=local-fs.target swap.target

[Service]
ExecStart=/bin/busybox httpd -f -p 80 -h /srv/www
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;

const FACTS_LINES = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
uname -r | sed 's/^/kernel /'
findmnt -rno TARGET,FSTYPE,SOURCE --real | sed 's/^/mount /'
tail -n +2 /proc/swaps | sed 's/^/swap /'
ip -o -4 address show scope global | awk '{ print "address", $2, $4 }'
for marker in /srv/data-*/marker; do [ -f "$marker" ] && echo "marker $marker $(cat "$marker")"; done
systemctl --failed --no-legend --plain | awk '{ print "failed", $1 }'
`;
/** It ends after everything else that starts, and the guest answers long before that. */
const CLOUD_INIT_LINE = `for second in $(seq 120); do [ -s /run/cloud-init/result.json ] && break; sleep 1; done
[ -s /run/cloud-init/result.json ] && echo 'cloud-init done'
`;

/** Of Debian's packages: one archive serves all guests of a release that need no more than the others. */
export function debootstrapArguments(
  { release, network }: Pick<GuestRow, 'release' | 'network'>,
  archive: string,
): string[] {
  const excluded = ['/usr/share/man/*', '/usr/share/doc/*', '/usr/share/locale/*'];
  const modules = LEFT_OUT.flatMap((name) => [
    `/lib/modules/*/kernel/${name}/*`,
    `/usr/lib/modules/*/kernel/${name}/*`,
  ]);
  return [
    'mmdebstrap',
    '--variant=apt',
    `--include=${[...PACKAGES, ...NETWORK_PACKAGES[network]].join(',')}`,
    ...[...excluded, ...modules].map((path) => `--dpkgopt=path-exclude=${path}`),
    '--aptopt=Apt::Install-Recommends "false"',
    release,
    archive,
  ];
}

export function filesOf(row: GuestRow): GuestFile[] {
  const { volumes } = layOut(row);
  return [
    { path: '/etc/hostname', text: `${hostNameOf(row)}\n` },
    { path: '/etc/hosts', text: `127.0.0.1 localhost\n127.0.1.1 ${hostNameOf(row)}\n` },
    { path: '/etc/fstab', text: volumes.map(fstabLine).join('') },
    { path: '/etc/default/grub', text: grubDefaults(row) },
    ...resumeFile(volumes),
    ...networkFiles(row),
    { path: '/etc/systemd/system/web.service', text: WEB_SERVICE },
    { path: '/srv/www/index.html', text: `${row.name}\n` },
    { path: `/srv/www${FACTS_PATH}`, text: factsScript(row), mode: 0o755 },
    ...row.dataDisks.map((_disk, index) => markerOf(row, index)),
  ];
}

function factsScript({ network }: GuestRow): string {
  return `${FACTS_LINES}${network === 'CLOUD_INIT' ? CLOUD_INIT_LINE : ''}echo end\n`;
}

/** A file on a data disk that the launched guest must have where it was. */
export function markerOf(row: GuestRow, index: number): GuestFile {
  return { path: `/srv/data-${index + 1}/marker`, text: `${row.name}-disk-${index + 1}\n` };
}

/** Runs as root on the building host; `$1` is the guest's root folder. */
export function customizeScript(row: GuestRow): string {
  const drivers = [...CONTROLLER_DRIVERS[row.controller], ...FILESYSTEM_DRIVERS[row.root]];
  const network = row.network === 'IFUPDOWN' ? [] : ['systemd-networkd.service'];
  return `set -eu
root=$1
chroot "$root" systemctl enable web.service ${network.join(' ')}
# Each takes seconds in an appliance without hardware virtualization, and has nothing to find.
for name in 05_debian_theme 20_linux_xen 30_os-prober 30_uefi-firmware; do
  [ ! -e "$root/etc/grub.d/$name" ] || chmod -x "$root/etc/grub.d/$name"
done
cd "$root/etc/initramfs-tools"
cp modules "$root/tmp/modules"
printf '%s\\n' ${drivers.join(' ')} > modules
sed -i 's/^MODULES=.*/MODULES=list/' initramfs.conf
chroot "$root" update-initramfs -u
sed -i 's/^MODULES=.*/MODULES=dep/' initramfs.conf
mv "$root/tmp/modules" modules
`;
}

/** The guest's disks, in order; the archive of its files comes after them. */
export function diskFilesOf(row: GuestRow): { readonly name: string; readonly sizeBytes: number }[] {
  const data = row.dataDisks.map((_disk, index) => ({
    name: `data-${index + 1}.raw`,
    sizeBytes: DATA_DISK_BYTES,
  }));
  return [{ name: 'root.raw', sizeBytes: ROOT_DISK_BYTES }, ...data];
}

/** For guestfish, in the folder that holds `guest.tar`. */
export function assembleScript(row: GuestRow): string {
  const disks = diskFilesOf(row);
  return [
    ...disks.map(({ name, sizeBytes }) => `disk-create ${name} raw ${sizeBytes}`),
    ...disks.map(
      ({ name }, index) => `add ${name} format:raw cachemode:unsafe label:${applianceLabel(index)}`,
    ),
    `add guest.tar format:raw readonly:true label:${ARCHIVE_LABEL}`,
    'run',
    inAppliance('udevadm settle'),
    ...partitionCommands(row),
    inAppliance('udevadm settle'),
    ...volumeCommands(row),
    ...mountCommands(row),
    inAppliance(`tar xf /dev/disk/guestfs/${ARCHIVE_LABEL} -C /sysroot --numeric-owner`),
    ...bootloaderCommands(row),
    'umount-all',
    '',
  ].join('\n');
}

export function hostNameOf(row: GuestRow): string {
  return `guest-${row.name}`;
}

function inAppliance(command: string): string {
  return `debug sh "${command}"`;
}

function partitionCommands(row: GuestRow): string[] {
  const { partitions } = layOut(row);
  const table = row.firmware === 'UEFI' ? 'gpt' : 'mbr';
  const tables = diskFilesOf(row).flatMap((_disk, index) => {
    const isPartitioned = partitions.some(({ disk }) => disk === index);
    return isPartitioned ? [`part-init ${applianceDevice(index)} ${index === 0 ? table : 'gpt'}`] : [];
  });
  const added = partitions.map(
    ({ disk, startSector, endSector }) =>
      `part-add ${applianceDevice(disk)} primary ${startSector} ${endSector}`,
  );
  const first = applianceDevice(0);
  const efi = `part-set-gpt-type ${first} 1 C12A7328-F81F-11D2-BA4B-00A0C93EC93B`;
  return [...tables, ...added, row.firmware === 'UEFI' ? efi : `part-set-bootable ${first} 1 true`];
}

function volumeCommands(row: GuestRow): string[] {
  const { partitions, volumes } = layOut(row);
  const physical = partitions.find(({ holds }) => holds === 'LVM');
  const group = [
    `pvcreate ${applianceDevice(0, physical?.number)}`,
    `vgcreate ${VOLUME_GROUP} ${applianceDevice(0, physical?.number)}`,
    `lvcreate swap ${VOLUME_GROUP} 64`,
    `lvcreate-free root ${VOLUME_GROUP} 100`,
  ];
  return [...(physical === undefined ? [] : group), ...volumes.map(formatCommand)];
}

function formatCommand({ type, uuid, applianceDevice }: Volume): string {
  const command = {
    ext4: `mkfs.ext4 -q -F -U ${uuid}`,
    xfs: `mkfs.xfs -q -f -m uuid=${uuid}`,
    btrfs: `mkfs.btrfs -q -f -U ${uuid}`,
    vfat: `mkfs.vfat -i ${uuid.replace('-', '')}`,
    swap: `mkswap -U ${uuid}`,
  }[type];
  return inAppliance(`${command} ${applianceDevice}`);
}

function mountCommands(row: GuestRow): string[] {
  const { volumes } = layOut(row);
  const [root] = volumes;
  const subvolume = [
    `mount ${root?.applianceDevice} /`,
    `btrfs-subvolume-create /${BTRFS_ROOT}`,
    'umount /',
    `mount-options subvol=${BTRFS_ROOT} ${root?.applianceDevice} /`,
  ];
  const others = volumes.slice(1).filter(({ type }) => type !== 'swap');
  return [
    ...(row.root === 'btrfs' ? subvolume : [`mount ${root?.applianceDevice} /`]),
    ...others.flatMap(({ applianceDevice, mountPoint }) => [
      `mkdir-p ${mountPoint}`,
      `mount ${applianceDevice} ${mountPoint}`,
    ]),
  ];
}

/** The guest's own tools; only names that depend on hardware the appliance lacks are put in afterwards. */
function bootloaderCommands(row: GuestRow): string[] {
  const install =
    row.firmware === 'UEFI'
      ? 'grub-install --target=x86_64-efi --efi-directory=/boot/efi --removable --no-nvram'
      : `grub-install --target=i386-pc ${applianceDevice(0)}`;
  const [root] = layOut(row).volumes;
  // Without spaces and quotes, which would not survive the way there.
  const expression = `/vmlinuz/s,root=[^[:space:]]+,root=${root?.source},`;
  const byName = `command "sed -i -E ${expression} /boot/grub/grub.cfg"`;
  const isNamed = row.namesDevicesBy === 'HARDWARE' && !row.hasLvm;
  return [`command "${install}"`, 'command "update-grub"', ...(isNamed ? [byName] : [])];
}

function fstabLine({ source, mountPoint, type, options }: Volume): string {
  const pass = type === 'ext4' || type === 'vfat' ? (mountPoint === '/' ? 1 : 2) : 0;
  return `${source} ${mountPoint} ${type} ${options} 0 ${pass}\n`;
}

function grubDefaults(row: GuestRow): string {
  const byName = row.namesDevicesBy === 'HARDWARE' ? 'GRUB_DISABLE_LINUX_UUID=true\n' : '';
  return `GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"
GRUB_TERMINAL="console"
GRUB_DISABLE_RECOVERY=true
${byName}`;
}

function resumeFile(volumes: readonly Volume[]): GuestFile[] {
  const swap = volumes.find(({ type }) => type === 'swap');
  const path = '/etc/initramfs-tools/conf.d/resume';
  return swap === undefined ? [] : [{ path, text: `RESUME=${swap.source}\n` }];
}
