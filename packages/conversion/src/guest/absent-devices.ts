/**
 * What is known of a device that an fstab names and that is none of the filesystems that were found. The
 * kernel's name, a label or a volume that nobody found is on none of the disks. A serial number or a slot is
 * the source's alone and leads to no disk. And some volumes cannot be seen from outside: they lie in an
 * encrypted one, or have another name in the appliance.
 */
import { parseDeviceName } from './device-names.ts';
import type { GuestDevices } from './fstab.ts';
import { isEncrypted } from './inspection.ts';

export interface Absence {
  /** After the name of the device. */
  readonly reason: string;
  /** False: the target may have it, or should have it. */
  readonly isCertain: boolean;
  /** Options that let the machine start without it. */
  readonly added: string;
}

const SHORTLY = 'nofail,x-systemd.device-timeout=5s';
const NOT_FOUND: Absence = {
  reason: 'was not found on the replicated disks',
  isCertain: true,
  added: SHORTLY,
};
const UNTOLD: Absence = { reason: 'does not tell which disk is meant', isCertain: false, added: SHORTLY };
/** As long as without `nofail`, and before the services that need it: it may well be there. */
const UNSEEN: Absence = {
  reason: 'could not be looked for',
  isCertain: false,
  added: 'nofail,x-systemd.before=local-fs.target',
};

const TAG = /^((UUID|LABEL|PARTUUID)=|\/dev\/disk\/)/i;
/** The same on any hardware, and not among the tags that are read of a filesystem. */
const LASTING_LINK = /^\/dev\/disk\/(by-partlabel\/|by-id\/(dm|md|lvm)-)/;
/** Of a disk; multipath is made of serial numbers. */
const HARDWARE_LINK = /^\/dev\/disk\/by-(id|path)\/|^\/dev\/mapper\/mpath/;
const ARRAY = /^\/dev\/md(\/|_?d?\d)/;
/** LVM's and device mapper's; of what else has a folder in /dev, some is mounted from. */
const VOLUME = /^\/dev\/(?!(shm|pts|disk)\/)[^/]+\/[^/]+$/;

/** `undefined`: no device of ours to tell of, such as NFS, tmpfs, or what the guest opens. */
export function absenceOf(source: string, options: string, devices: GuestDevices): Absence | undefined {
  const { opened = new Set() } = devices;
  const name = mapperName(source);
  if (opened.has(name)) return undefined;
  if (LASTING_LINK.test(name)) return UNSEEN;
  if (HARDWARE_LINK.test(name)) return UNTOLD;
  if (parseDeviceName(name) !== undefined) return NOT_FOUND;
  const isVolume = ARRAY.test(name) || VOLUME.test(name);
  // What is mounted over the network holds up nothing.
  if (isVolume ? /\b_netdev\b/.test(options) : !TAG.test(name)) return undefined;
  const isHidden = devices.filesystems.some(isEncrypted) || (ARRAY.test(name) && hasArrays(devices));
  return isHidden ? UNSEEN : NOT_FOUND;
}

/** udev's link to a volume by the name that device mapper has for it. */
export function mapperName(source: string): string {
  return source.replace(/^\/dev\/disk\/by-id\/dm-name-/, '/dev/mapper/');
}

function hasArrays({ filesystems }: GuestDevices): boolean {
  return filesystems.some(({ device, type }) => ARRAY.test(device) || type === 'linux_raid_member');
}
