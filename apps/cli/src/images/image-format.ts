/** The formats of disk images that recovery points are exported to and read from. */
import { OperationError } from '@landfall/runtime';

export const IMAGE_FORMATS = ['raw', 'qcow2', 'vmdk', 'vhdx'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** A disk, as an image tool on this machine gets at it. */
export interface NbdDisk {
  readonly diskId: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly nbdUri: string;
}

/** Errors: OPTION_INVALID. */
export function parseImageFormat(text: string): ImageFormat {
  const format = IMAGE_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw invalid(`${text} is no format of images here`, `use ${IMAGE_FORMATS.join(', ')}`);
}

/** Of `qemu-img convert`. Errors: OPTION_INVALID when the format cannot be compressed. */
export function formatParameters(format: ImageFormat, compress: boolean): readonly string[] {
  if (!compress) return ['-O', format];
  if (format === 'qcow2') return ['-O', format, '-c'];
  if (format === 'vmdk') return ['-O', format, '-c', '-o', 'subformat=streamOptimized'];
  throw invalid(`${format} images cannot be compressed`, 'use qcow2 or vmdk, or leave out --compress');
}

/** Those that `wanted` names by device (`/dev/sda`, `sda`) or id; all without any. Errors: DISK_UNKNOWN. */
export function selectDisks<Disk extends Pick<NbdDisk, 'diskId' | 'deviceName'>>(
  disks: readonly Disk[],
  wanted: readonly string[],
): readonly Disk[] {
  if (wanted.length === 0) return disks;
  return [...new Set(wanted.map((name) => findDisk(disks, name)))];
}

/** Errors: DISK_UNKNOWN. */
export function findDisk<Disk extends Pick<NbdDisk, 'diskId' | 'deviceName'>>(
  disks: readonly Disk[],
  name: string,
): Disk {
  const found = disks.find(
    ({ diskId, deviceName }) => diskId === name || deviceName === name || deviceName === `/dev/${name}`,
  );
  if (found !== undefined) return found;
  const known = disks.map(({ diskId, deviceName }) => `${deviceName} (${diskId})`).join(', ');
  throw new OperationError('DISK_UNKNOWN', `there is no disk ${name} then: there are ${known || 'none'}`, {
    hint: 'name a disk by its device, or by its id',
  });
}

/** `s-0123.epoch-42.sda.qcow2`; disks whose devices would be called the same go by their ids. */
export function imageFileNames(
  disks: readonly Pick<NbdDisk, 'diskId' | 'deviceName'>[],
  point: { readonly server: string; readonly epoch: number; readonly format: ImageFormat },
): readonly string[] {
  const devices = disks.map(({ deviceName }) => plain(deviceName.replace(/^\/dev\//, '')));
  return disks.map(({ diskId }, index) => {
    const device = devices[index] ?? diskId;
    const isUnique = devices.filter((other) => other === device).length === 1;
    const { server, epoch, format } = point;
    return `${plain(server)}.epoch-${epoch}.${isUnique ? device : plain(diskId)}.${format}`;
  });
}

function plain(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9_-]/g, '-');
}

function invalid(message: string, hint: string): OperationError {
  return new OperationError('OPTION_INVALID', message, { hint });
}
