/** Which disks an installation takes: the named ones, or those found here, of which a person may choose. */
import { type DiskPurpose, leftOutDisks } from '@landfall/capture';
import { OperationError } from '@landfall/runtime';
import type { FoundDisk } from './disk-mapping.ts';
import type { DiskDetection } from './disk-watch.ts';
import { describeDisks, findDisks } from './linux-disks.ts';

export interface DiskChoiceOptions {
  /** Empty: all disks of the server. */
  readonly devices: readonly string[];
  /** Takes the named devices as they are, without looking whether they are disks to protect. */
  readonly forceVolumes: boolean;
  readonly autoDiskDetection: boolean;
  /** Asks which disks; absent without a prompt. */
  readonly chooseDevices?: (found: readonly FoundDisk[]) => Promise<readonly string[]>;
  readonly say: (line: string) => void;
}

export interface ChosenDisks {
  readonly found: readonly FoundDisk[];
  readonly detection: DiskDetection;
}

/** `folder`: /sys/block, or a copy of it. Errors: OPTION_INVALID, DISK_NOT_FOUND, DISK_NOT_TRACKABLE. */
export async function chooseDisks(
  options: DiskChoiceOptions,
  purpose: DiskPurpose,
  folder?: string,
): Promise<ChosenDisks> {
  const unless = (detection: DiskDetection) => (options.autoDiskDetection ? detection : 'OFF');
  if (options.devices.length > 0) {
    options.say('Disks to replicate, as named:');
    const detection = options.forceVolumes ? 'OFF' : unless('NAMED');
    return { found: describeDisks(options.devices, purpose), detection };
  }
  if (options.forceVolumes) {
    throw new OperationError('OPTION_INVALID', '--force-volumes needs --devices', {
      hint: 'name the disks: --devices /dev/sda,/dev/sdb',
    });
  }
  const found = findDisks(purpose, folder);
  for (const { deviceName, why, remedy } of leftOutDisks(purpose, folder)) {
    options.say(`Left out: ${deviceName} (${why}${remedy === undefined ? '' : `; ${remedy}`})`);
  }
  if (found.length === 0) {
    throw new OperationError('DISK_NOT_FOUND', 'this server has no disk that can be replicated', {
      hint: 'see `lsblk -d`; a disk that is not found by itself can be named with --devices /dev/NAME',
    });
  }
  const chosen = (await options.chooseDevices?.(found)) ?? [];
  options.say(chosen.length > 0 ? 'Disks to replicate, as chosen:' : 'Disks found:');
  if (chosen.length > 0) return { found: describeDisks(chosen, purpose), detection: unless('NAMED') };
  return { found, detection: unless('ALL') };
}
