/** What the `landfall` service says of recovery points, and does with them; see `landfall-types.ts`. */

export interface RecoveryPointOperations {
  readonly PinRecoveryPoint: {
    readonly input: PinRecoveryPointRequest;
    readonly output: PinRecoveryPointResponse;
  };
  readonly UnpinRecoveryPoint: {
    readonly input: UnpinRecoveryPointRequest;
    readonly output: Record<string, never>;
  };
  readonly LockRecoveryPoint: {
    readonly input: LockRecoveryPointRequest;
    readonly output: LockRecoveryPointResponse;
  };
}

export interface RecoveryPointItem {
  readonly epoch: number;
  readonly cutDateTime: string;
  readonly consistency: RecoveryPointConsistency;
  /** It stays until the name is taken from it. */
  readonly name?: string | undefined;
  /** Nobody can remove it before. */
  readonly lockedUntilDateTime?: string | undefined;
  /** A machine launched from it was seen to boot; told where points are listed. */
  readonly verified?: boolean | undefined;
}

/** `SCANNED`: read while it was written; file systems may need repair, databases may not recover. */
export type RecoveryPointConsistency = 'CRASH_CONSISTENT' | 'SCANNED';

export interface PinRecoveryPointRequest {
  readonly sourceServerID: string;
  /** `LATEST`, `VERIFIED`, an ISO time (the last point at or before it), or `epoch:N`. */
  readonly at: string;
  readonly name: string;
}

export interface PinRecoveryPointResponse {
  readonly recoveryPoint: RecoveryPointItem;
}

export interface UnpinRecoveryPointRequest {
  readonly sourceServerID: string;
  readonly epoch: number;
}

export interface LockRecoveryPointRequest {
  readonly sourceServerID: string;
  /** As in `PinRecoveryPointRequest`. */
  readonly at: string;
  /** A lock can be made longer, never shorter. */
  readonly untilDateTime: string;
}

export interface LockRecoveryPointResponse {
  readonly recoveryPoint: RecoveryPointItem;
}
