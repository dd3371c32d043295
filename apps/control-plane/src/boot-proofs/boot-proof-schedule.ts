/** When a proof of boot begins by itself, what it waits for, and whether a cutover needs one. Pure. */
import type { SignOfLife } from '@landfall/channel';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { BootProofRecord } from '../store/boot-proofs.ts';

export interface BootProofSchedule {
  /** From one to the next that begins by itself; 0: none does. */
  readonly intervalHours: number;
  /** Any one of them. */
  readonly signsOfLife: readonly SignOfLife[];
  /** From the start of the machine to its first sign of life. */
  readonly lifeTimeoutSeconds: number;
  /** A cutover proves its point first, unless one was verified within the interval and none failed since. */
  readonly proofBeforeCutover: boolean;
}

export const BOOT_PROOF_SCHEDULE_DEFAULT: BootProofSchedule = {
  intervalHours: 24,
  signsOfLife: [{ kind: 'LOGIN_PROMPT' }, { kind: 'TCP', port: 22 }],
  lifeTimeoutSeconds: 600,
  proofBeforeCutover: true,
};

const HOUR_MS = 3_600_000;
/** A server that was just added is being tried by hand; its first proof does not come in between. */
const FIRST_AFTER_MS = HOUR_MS;
/** How old a verified point may be at a cutover when none begins by itself. */
const AGE_HOURS_MAX_UNSCHEDULED = 24;

export function bootProofScheduleOf({ bootProofSchedule }: SourceServerRecord): BootProofSchedule {
  return { ...BOOT_PROOF_SCHEDULE_DEFAULT, ...bootProofSchedule };
}

/** Counted from the last one, whoever asked for it, or from the enrolment; `undefined`: never. */
export function nextBootProofAtMs(
  server: SourceServerRecord,
  latest: Pick<BootProofRecord, 'createdAtMs'> | undefined,
): number | undefined {
  const { intervalHours } = bootProofScheduleOf(server);
  if (intervalHours === 0) return undefined;
  return latest === undefined
    ? server.createdAtMs + FIRST_AFTER_MS
    : latest.createdAtMs + intervalHours * HOUR_MS;
}

/** Whether a cutover of the newest point may rely on a point that was verified at `verifiedAtMs`. */
export function isRecentEnough(server: SourceServerRecord, verifiedAtMs: number, nowMs: number): boolean {
  const { intervalHours } = bootProofScheduleOf(server);
  const ageMaxMs = (intervalHours === 0 ? AGE_HOURS_MAX_UNSCHEDULED : intervalHours) * HOUR_MS;
  return nowMs - verifiedAtMs <= ageMaxMs;
}

/** Ports of the machine that have to be published for its signs to be seen. */
export function portsOf(signs: readonly SignOfLife[]): readonly number[] {
  return [...new Set(signs.flatMap((sign) => ('port' in sign ? [sign.port] : [])))];
}
