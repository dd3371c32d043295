/** What the parts of a machine's life have in common: its record, its folder, its host. */
import type { MachinePlace } from '@landfall/launch';
import type { HostServices } from '../host-services.ts';
import type { MachineRecord } from './machine-record.ts';

export interface MachineContext {
  readonly services: HostServices;
  readonly folder: string;
  record(): MachineRecord;
  /** Changes the record, durably. */
  update(change: Partial<MachineRecord>): Promise<void>;
  /** Takes another record in its place, durably. */
  replace(record: MachineRecord): Promise<void>;
  /** Changes what is shown of the machine until the next durable change. */
  show(change: Partial<MachineRecord>): void;
}

/** Of one machine, made ready or looked at beside each other. */
export const DISKS_AT_ONCE_MAX = 4;

export function placeOf(context: MachineContext): MachinePlace {
  return { machineId: context.record().specification.machineId, folder: context.folder };
}

export function overlayName(diskId: string): string {
  return `overlay-${diskId}.qcow2`;
}
