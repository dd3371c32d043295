/**
 * Which disks can be tracked by the kernel's request events, and which are disks of a server at all (pure;
 * kernel-tracing.md, requirements 17–19). Every refusal says why and what to do instead.
 */
export interface DiskFacts {
  /** `vda` */
  readonly name: string;
  /** A path of a multipath device has no node of its own. */
  readonly isHidden: boolean;
  /** Its driver takes requests: only then are there events. */
  readonly isRequestBased: boolean;
  /** `none`, `host-aware`, `host-managed` */
  readonly zoned: string;
  readonly isDax: boolean;
  /** Names of the devices it is made of. */
  readonly below: readonly string[];
}

export interface Refusal {
  readonly why: string;
  readonly remedy: string;
}

/** What a disk is wanted for: to follow its writes, or only to be read again and again. */
export type DiskPurpose = 'track' | 'scan';

const SCAN_REMEDY = 'replicate this server in scan mode (`install --scan-mode`), or leave the device out';

/** `undefined`: it can. */
export function whyNotFit(disk: DiskFacts, purpose: DiskPurpose): Refusal | undefined {
  return purpose === 'scan' ? whyNotScannable(disk) : whyNotTrackable(disk);
}

/** As `whyNotFit`, of a disk that nobody named: what is stacked would be replicated twice by a scan. */
export function whyNotTaken(disk: DiskFacts, purpose: DiskPurpose): Refusal | undefined {
  const refusal = whyNotFit(disk, purpose);
  if (refusal !== undefined || purpose === 'track' || disk.below.length === 0) return refusal;
  return {
    why: 'it is made of other devices',
    remedy: 'its disks are replicated, or name it with --devices',
  };
}

/** `undefined`: it can. */
export function whyNotTrackable(disk: DiskFacts): Refusal | undefined {
  const refusal = whyNotScannable(disk);
  if (refusal !== undefined) return refusal;
  if (disk.isDax) {
    return { why: 'it is written by memory mapping (DAX), unseen by the kernel', remedy: SCAN_REMEDY };
  }
  if (!disk.isRequestBased) return whyNoRequests(disk);
  return undefined;
}

/** A scan needs no events, only a disk that can be read and written back. */
export function whyNotScannable(disk: DiskFacts): Refusal | undefined {
  if (disk.isHidden) {
    return { why: 'it is one path of a multipath device', remedy: 'name the multipath device instead' };
  }
  if (disk.zoned !== 'none') {
    const remedy = 'leave it out: what a zoned disk holds cannot be written back in any order';
    return { why: `it is a zoned disk (${disk.zoned})`, remedy };
  }
  return undefined;
}

/** Such a device would look idle for ever. */
function whyNoRequests({ name, below }: DiskFacts): Refusal {
  if (/^(zram|ram)\d/.test(name)) {
    const why = 'it lies in memory and the kernel shows no requests for it (it is bio-based)';
    return { why, remedy: 'leave it out: it is empty after a reboot anyway' };
  }
  if (below.length > 0) {
    const names = below.map((device) => `/dev/${device}`).join(', ');
    const why = 'it is made of other devices and the kernel shows no requests for it (it is bio-based)';
    return { why, remedy: `name the disks below it instead: ${names}` };
  }
  if (/^nvme\d+n\d+$/.test(name)) {
    const why = 'it is the head of an NVMe multipath device, for which the kernel shows no requests';
    const remedy = `boot with nvme_core.multipath=N if it has one path only; or ${SCAN_REMEDY}`;
    return { why, remedy };
  }
  return {
    why: 'the kernel shows no requests for this kind of device (it is bio-based)',
    remedy: SCAN_REMEDY,
  };
}

const NOT_TAKEN_BY_THEMSELVES: readonly (readonly [RegExp, string])[] = [
  [/^loop/, 'a loop device: name it with --devices to replicate it'],
  [/^(ram|zram)/, 'a disk in memory'],
  [/^sr/, 'an optical drive'],
  [/^fd/, 'a floppy drive'],
  [/^(dm-|md|bcache)/, 'made of other devices: its disks are replicated'],
  [/^(nbd|drbd)/, 'a disk of another machine: name it with --devices to replicate it'],
  [/^mtdblock/, 'flash memory of the board'],
  [/^zd/, 'a ZFS volume: its disks are replicated'],
];

/** Why a device is not taken unless it is named; `undefined`: it is one of the server's disks. */
export function whyNotDiscovered(name: string): string | undefined {
  return NOT_TAKEN_BY_THEMSELVES.find(([pattern]) => pattern.test(name))?.[1];
}
