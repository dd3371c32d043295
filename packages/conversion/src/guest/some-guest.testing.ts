/** Guests of every kind, for properties. */
import fc from 'fast-check';
import { guestOf, kernelOf } from './golden-guests.testing.ts';

const FILE_TEXTS: Readonly<Record<string, readonly string[]>> = {
  '/etc/fstab': [
    '',
    'UUID=1111 / ext4 defaults 0 1\n',
    '/dev/sda1 / ext4 defaults 0 1\n/dev/sdz /x xfs x 0 0\n',
  ],
  '/etc/crypttab': ['vault /dev/sda5 none luks\n', 'vault UUID=7 /key luks\n', 'a /dev/sda1 /key'],
  '/boot/grub/grub.cfg': ['root=UUID=1111', 'root=/dev/sda1 ro\n', 'root=/dev/sdq9 resume=/dev/sdq5\n'],
  '/etc/default/grub': ['GRUB_DISABLE_LINUX_UUID=true\n', ''],
  '/etc/initramfs-tools/conf.d/resume': ['RESUME=none\n', 'RESUME=/dev/sda1\n', 'RESUME=/dev/sdx\n'],
  '/etc/network/interfaces': ['iface eth0 inet dhcp\n', 'iface eth0 inet static\n    address 192.0.2.1\n'],
  '/etc/netplan/a.yaml': ['network:\n  ethernets:\n    ens3:\n      addresses: [192.0.2.1/24]\n'],
  '/etc/systemd/network/a.network': ['[Match]\nMACAddress=00:11:22:33:44:55\n[Network]\nDHCP=yes\n'],
  '/etc/systemd/system/landfall-agent.service': ['[Service]\n'],
  '/etc/NetworkManager/system-connections/a': [
    '[connection]\ntype=ethernet\n[ipv4]\nmethod=manual\naddress1=192.0.2.1/24\n',
  ],
  '/etc/sysconfig/network-scripts/ifcfg-eth0': [
    'DEVICE=eth0\nBOOTPROTO=none\nIPADDR=192.0.2.1\n',
    'HWADDR=00:11:22:33:44:55\nBOOTPROTO=dhcp\n',
  ],
};
const PATHS = [
  '/etc/cloud/cloud.cfg',
  '/var/lib/landfall-agent',
  '/etc/systemd/system/landfall-agent.service',
  '/etc/udev/rules.d/70-persistent-net.rules',
  '/sbin/dhclient',
  '/usr/bin/vmtoolsd',
  '/boot/efi/EFI/debian/shimx64.efi',
  '/boot/efi/EFI/debian/grubx64.efi',
  '/boot/efi/EFI/BOOT/BOOTX64.EFI',
];

export function oneOf<Value>(values: readonly Value[]): fc.Arbitrary<Value> {
  return fc.constantFrom(...values);
}

const someKernels = fc
  .array(
    fc
      .record({
        inside: fc.subarray(['virtio', 'virtio_ring', 'virtio_pci', 'virtio_blk']),
        compression: oneOf(['zstd', 'lz4', 'none'] as const),
        initramfs: oneOf(['READ', 'UNREAD', 'ABSENT']),
      })
      .map(({ inside, compression, initramfs }) => (version: string) => {
        const kernel = kernelOf(version, inside, compression);
        if (initramfs === 'ABSENT') return { ...kernel, initramfs: undefined };
        const path = `/boot/initrd.img-${version}`;
        return initramfs === 'UNREAD' ? { ...kernel, initramfs: { path, content: undefined } } : kernel;
      }),
    { maxLength: 5 },
  )
  .map((kernels) => kernels.map((kernelFor, index) => kernelFor(`6.${9 - index}`)));

const someFiles = fc
  .tuple(
    ...Object.entries(FILE_TEXTS).map(([path, texts]) =>
      fc.tuple(fc.constant(path), oneOf(['absent', ...texts])),
    ),
  )
  .map((entries) => Object.fromEntries(entries.filter(([, text]) => text !== 'absent')));

export const someGuest = fc
  .record({
    kernels: someKernels,
    files: someFiles,
    present: fc.subarray(PATHS),
    initramfsBuilder: oneOf(['initramfs-tools', 'dracut', 'unknown'] as const),
    hasBiosBootCode: fc.boolean(),
    hasEfiPartition: fc.boolean(),
    freeBytes: fc.nat(2 ** 30),
  })
  .map(({ kernels, files, present, initramfsBuilder, hasBiosBootCode, hasEfiPartition, freeBytes }) =>
    guestOf({
      inspection: { kernels, initramfsBuilder, hasBiosBootCode, hasEfiPartition },
      facts: { spaces: [{ mountPoint: '/', freeBytes, totalBytes: 2 ** 31 }] },
      ...{ files, present },
    }),
  );
