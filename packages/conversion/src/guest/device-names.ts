/**
 * A disk has three names in its life: what the source's kernel called it (`/dev/nvme0n1`), what the appliance
 * calls it (`/dev/sda`, in the order the disks are attached), and what the launched machine will call it.
 * Configuration in the guest speaks the first; everything here translates it into the second, and from there
 * into a UUID.
 */

/** A whole disk, or one of its partitions. */
export interface DeviceName {
  readonly disk: string;
  readonly partition: number | undefined;
}

/** The source's name of a disk and the appliance's. */
export interface DiskNames {
  readonly sourceName: string;
  readonly applianceName: string;
}

const NUMBERED_DISK = /^(\/dev\/(?:nvme\d+n\d+|mmcblk\d+|nbd\d+|loop\d+))(?:p(\d+))?$/;
const LETTERED_DISK = /^(\/dev\/(?:sd|vd|xvd|hd)[a-z]+)(\d+)?$/;

/** The parts of a kernel's own device name; `undefined` for any other path (LVM, by-uuid, …). */
export function parseDeviceName(path: string): DeviceName | undefined {
  const match = NUMBERED_DISK.exec(path) ?? LETTERED_DISK.exec(path);
  const disk = match?.[1];
  if (disk === undefined) return undefined;
  return { disk, partition: match?.[2] === undefined ? undefined : Number(match[2]) };
}

export function formatDeviceName(name: DeviceName): string {
  if (name.partition === undefined) return name.disk;
  return `${name.disk}${/\d$/.test(name.disk) ? 'p' : ''}${name.partition}`;
}

/**
 * Whether a name depends on the hardware the disk is plugged into: it means something else, or nothing,
 * elsewhere.
 */
export function isHardwareName(path: string): boolean {
  return parseDeviceName(path) !== undefined || /^\/dev\/disk\/by-(id|path)\//.test(path);
}

/** The appliance's name for a device that the guest's configuration names, if that disk is one of ours. */
export function toApplianceName(path: string, disks: readonly DiskNames[]): string | undefined {
  const name = parseDeviceName(path);
  if (name === undefined) return undefined;
  const disk = disks.find((candidate) => candidate.sourceName === name.disk);
  return disk && formatDeviceName({ disk: disk.applianceName, partition: name.partition });
}

/** The other way: what the source calls a device of the appliance. */
export function toSourceName(path: string, disks: readonly DiskNames[]): string | undefined {
  const name = parseDeviceName(path);
  const disk = disks.find((candidate) => candidate.applianceName === name?.disk);
  return disk && formatDeviceName({ disk: disk.sourceName, partition: name?.partition });
}

/** `/dev/sda`, `/dev/sdb`, … `/dev/sdz`, `/dev/sdaa`: how libguestfs names the disk added at `index`. */
export function applianceDiskName(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? `/dev/sd${letter}` : `${applianceDiskName(Math.floor(index / 26) - 1)}${letter}`;
}
