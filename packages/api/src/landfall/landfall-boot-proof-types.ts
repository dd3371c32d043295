/** Proofs of boot in the `landfall` service: `docs/boot-proof.md`. Not proofs of equality. */
import type { LaunchedMachineError, LaunchedMachineRecoveryPoint } from './landfall-types.ts';

export interface BootProofOperations {
  /** The one of the server that is not finished, should there be one for the same point. */
  readonly StartBootProof: { readonly input: StartBootProofRequest; readonly output: StartBootProofResponse };
  readonly ListBootProofs: { readonly input: ListBootProofsRequest; readonly output: ListBootProofsResponse };
  readonly DescribeBootProof: {
    readonly input: DescribeBootProofRequest;
    readonly output: DescribeBootProofResponse;
  };
  readonly GetBootProofSchedule: {
    readonly input: GetBootProofScheduleRequest;
    readonly output: BootProofSchedule;
  };
  readonly PutBootProofSchedule: {
    readonly input: PutBootProofScheduleRequest;
    readonly output: BootProofSchedule;
  };
}

export interface StartBootProofRequest {
  readonly sourceServerID: string;
  /** Default: the newest point. */
  readonly at?: string | undefined;
}

export interface StartBootProofResponse {
  readonly bootProof: BootProofItem;
}

export interface ListBootProofsRequest {
  readonly sourceServerID: string;
}

export interface ListBootProofsResponse {
  /** Newest first. */
  readonly items: readonly BootProofItem[];
  /** When the next begins by itself; absent: never. */
  readonly nextDateTime?: string | undefined;
}

export interface DescribeBootProofRequest {
  readonly bootProofID: string;
}

export interface DescribeBootProofResponse {
  readonly bootProof: BootProofItem;
  /** The end of the machine's console at the verdict. */
  readonly consoleTail?: string | undefined;
  /** Its screen at the verdict; absent when it had none any more. */
  readonly screenshotPngBase64?: string | undefined;
}

export interface GetBootProofScheduleRequest {
  readonly sourceServerID: string;
}

/** What is absent stays. */
export interface PutBootProofScheduleRequest {
  readonly sourceServerID: string;
  /** 0: only when asked for, and before cutovers. */
  readonly intervalHours?: number | undefined;
  readonly signsOfLife?: readonly SignOfLife[] | undefined;
  readonly lifeTimeoutSeconds?: number | undefined;
  readonly proofBeforeCutover?: boolean | undefined;
}

export interface BootProofSchedule {
  readonly sourceServerID: string;
  readonly intervalHours: number;
  /** Any one of them will do. */
  readonly signsOfLife: readonly SignOfLife[];
  /** From the start of the machine. */
  readonly lifeTimeoutSeconds: number;
  /** A cutover proves its point first, unless one was verified within the interval and none failed since. */
  readonly proofBeforeCutover: boolean;
  readonly nextDateTime?: string | undefined;
}

export type SignOfLifeKind = 'LOGIN_PROMPT' | 'GUEST_AGENT' | 'TCP' | 'HTTP' | 'SCRIPT';

export interface SignOfLife {
  readonly kind: SignOfLifeKind;
  /** TCP and HTTP. */
  readonly port?: number | undefined;
  /** HTTP; default `/`. */
  readonly path?: string | undefined;
  /** SCRIPT: name of a script document that needs no parameters; it is run in the machine. */
  readonly script?: string | undefined;
}

export type BootProofState = 'WAITING' | 'RUNNING' | 'VERIFIED' | 'FAILED';
export type BootProofTrigger = 'SCHEDULED' | 'REQUESTED' | 'BEFORE_CUTOVER';

export interface BootProofItem {
  readonly bootProofID: string;
  readonly sourceServerID: string;
  readonly state: BootProofState;
  readonly trigger: BootProofTrigger;
  readonly createdDateTime: string;
  readonly endedDateTime?: string | undefined;
  /** That could not be made to their end: they say nothing of the server. */
  readonly attempts: number;
  /** Why it waits. */
  readonly reason?: string | undefined;
  readonly recoveryPoint?: LaunchedMachineRecoveryPoint | undefined;
  readonly machineID?: string | undefined;
  readonly launchHostID?: string | undefined;
  /** By which it is known to boot, when VERIFIED. */
  readonly sign?: SignOfLife | undefined;
  readonly seen?: string | undefined;
  readonly conversionMs?: number | undefined;
  /** From the start of the machine to the verdict. */
  readonly bootMs?: number | undefined;
  /** A launch of this point finds its conversion done. */
  readonly isPrepared: boolean;
  /** Why it is FAILED. */
  readonly error?: LaunchedMachineError | undefined;
}
