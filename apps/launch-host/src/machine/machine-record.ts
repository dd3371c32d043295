/**
 * All that is known of a machine, as it is kept in `machine.json`. What is not in here is asked of QEMU or of
 * the files, each time. Written durably before anything that depends on it is done:
 *
 * R1  `conversion.done` is recorded only after the overlays are durable; without it, a conversion begins
 *     again on fresh overlays, with it, never.
 * R2  A machine that was terminated leaves a record behind, so that its id is never launched again.
 * R3  That a disk is whole is recorded only after it was flushed (H6), and only a disk on record as whole is
 *     opened without its view.
 */
import type {
  MachineHardware,
  MachinePhase,
  MachineSpecification,
  MachineStatus,
  PostLaunchOutcome,
  PowerRequest,
  PreparedConversionUse,
} from '@landfall/channel';
import { expectedOutcomes } from './post-launch-outcomes.ts';

export interface MachineRecord {
  readonly version: 1;
  readonly specification: MachineSpecification;
  readonly phase: MachinePhase;
  readonly conversion: {
    readonly done: boolean;
    readonly steps: MachineStatus['conversion'];
    readonly bootMode: 'LEGACY_BIOS' | 'UEFI';
    /** Absent until it is done, and in the records of older versions: VIRTIO. */
    readonly hardware?: MachineHardware;
    /** Of the machine's network, that the guest was told because it cannot ask; absent: it was told none. */
    readonly givenAddress?: string;
    /** Why the guest cannot run scripts; absent: it can, or was not made ready to. */
    readonly scriptsImpossible?: string;
    /** That the guest was told of; absent: as the specification has it. */
    readonly macAddress?: string;
  };
  /** Absent: there was none to begin with, or it was not looked at yet. */
  readonly preparedConversion?: PreparedConversionUse;
  readonly error?: NonNullable<MachineStatus['error']>;
  readonly hydration: MachineStatus['hydration'] & {
    readonly bandwidthBytesPerSecond: number | null;
    /** Failures one after the other, without progress between them. */
    readonly failures: number;
    /**
     * Disks that were flushed after their job had ended: R3. Absent: none, or all, where it is COMPLETE in
     * the records of older versions.
     */
    readonly flushedDisks?: readonly string[];
    /** Its jobs stand still until the launch host has room again. */
    readonly isHeld?: true;
  };
  /** What is known of the scripts; absent: there are none. */
  readonly postLaunch?: readonly PostLaunchOutcome[];
  /** The file from which the guest took them holds nothing any more, whatever the guest left there. */
  readonly isScriptsDiskEmpty?: true;
  readonly published: readonly {
    readonly guestPort: number;
    readonly hostPort: number;
    /** Absent: 127.0.0.1. */
    readonly host?: string;
  }[];
  readonly startedAtMs: number | null;
  /** What was asked of the guest and has not come true yet. */
  readonly powerRequest?: { readonly kind: PowerRequest; readonly askedAtMs: number };
  /** Once seen. */
  readonly life?: NonNullable<MachineStatus['life']>;
  /** The host's boot id when the machine was last started. */
  readonly hostBootId: string | null;
  /** How often it was started again after it had died. */
  readonly restarts: number;
  /** Larger after every change, also after a restart that lost what was not saved: never behind the clock. */
  readonly revision: number;
}

export function newRecord(specification: MachineSpecification): MachineRecord {
  return {
    version: 1,
    specification,
    phase: 'CONVERTING',
    conversion: { done: false, steps: [], bootMode: 'LEGACY_BIOS' },
    hydration: {
      state: 'NOT_STARTED',
      doneBytes: 0,
      totalBytes: specification.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0),
      bandwidthBytesPerSecond: null,
      failures: 0,
    },
    published: [],
    startedAtMs: null,
    hostBootId: null,
    restarts: 0,
    revision: 0,
    ...((specification.postLaunchScripts ?? []).length === 0
      ? {}
      : { postLaunch: expectedOutcomes(specification) }),
  };
}

export function toStatus(record: MachineRecord): MachineStatus {
  const { state, doneBytes, totalBytes, bandwidthBytesPerSecond } = record.hydration;
  const limited = bandwidthBytesPerSecond === null ? {} : { bytesPerSecondMax: bandwidthBytesPerSecond };
  const isUp = record.phase === 'RUNNING';
  return {
    machineId: record.specification.machineId,
    revision: record.revision,
    phase: record.phase,
    conversion: record.conversion.steps,
    ...(record.preparedConversion === undefined ? {} : { preparedConversion: record.preparedConversion }),
    ...(record.error === undefined ? {} : { error: record.error }),
    hydration: { state, doneBytes, totalBytes, ...limited },
    published: isUp
      ? record.published.map(({ guestPort, hostPort: port, host = '127.0.0.1' }) => ({
          guestPort,
          host,
          port,
        }))
      : [],
    startedAtMs: record.startedAtMs,
    ...(record.powerRequest === undefined || !isUp ? {} : { powerRequest: record.powerRequest.kind }),
    ...(record.conversion.hardware === undefined ? {} : { hardware: record.conversion.hardware }),
    ...(record.life === undefined ? {} : { life: record.life }),
    ...(record.postLaunch === undefined ? {} : { postLaunch: record.postLaunch }),
  };
}

/** Whether the disk is whole, whatever becomes of what runs the machine (R3). */
export function isFlushed({ hydration }: Pick<MachineRecord, 'hydration'>, diskId: string): boolean {
  return hydration.state === 'COMPLETE' || (hydration.flushedDisks ?? []).includes(diskId);
}

/** What is said of a machine that was terminated before it was ever known here. */
export function unknownTerminated(machineId: string): MachineStatus {
  return {
    machineId,
    revision: 0,
    phase: 'TERMINATED',
    conversion: [],
    hydration: { state: 'NOT_STARTED', doneBytes: 0, totalBytes: 0 },
    published: [],
    startedAtMs: null,
  };
}

/** Without `error`, which `exactOptionalPropertyTypes` does not let be set to undefined. */
export function withoutError(record: MachineRecord): MachineRecord {
  const { error: _error, ...rest } = record;
  return rest;
}
