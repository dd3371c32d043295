/**
 * The hardware a machine can get, and what of it a guest can use. VIRTIO is fast and needs drivers before
 * root is found; COMPATIBLE (SATA disks, an e1000e network card) is what nearly every system of the last
 * fifteen years knows by itself.
 */
export type TargetHardware = 'VIRTIO' | 'COMPATIBLE';

export interface HardwareDrivers {
  /** Without them root is not found: in the initial RAM filesystem or built in. */
  readonly boot: readonly string[];
  /** The running system needs it, loaded by udev from root. */
  readonly network: string;
}

export const HARDWARE_DRIVERS: Readonly<Record<TargetHardware, HardwareDrivers>> = {
  VIRTIO: { boot: ['virtio_pci', 'virtio_blk'], network: 'virtio_net' },
  COMPATIBLE: { boot: ['ahci', 'sd_mod'], network: 'e1000e' },
};

export const HARDWARE_NAMES: Readonly<Record<TargetHardware, string>> = {
  VIRTIO: 'virtio',
  COMPATIBLE: 'SATA and e1000e',
};
