/** Preflights in the `landfall` service. What can be found: `docs/preflight.md`. */
import type { LaunchedMachineRecoveryPoint } from './landfall-types.ts';

export interface PreflightOperations {
  /** The one that is under way, when it is for the same point; what waits is done at once. */
  readonly StartPreflight: { readonly input: StartPreflightRequest; readonly output: StartPreflightResponse };
  readonly DescribePreflight: {
    readonly input: DescribePreflightRequest;
    readonly output: DescribePreflightResponse;
  };
}

export interface StartPreflightRequest {
  readonly sourceServerID: string;
  /** `LATEST` (the default), `VERIFIED`, an ISO time (the last point at or before it), or `epoch:N`. */
  readonly at?: string | undefined;
}

export interface StartPreflightResponse {
  readonly preflight: PreflightItem;
}

export interface DescribePreflightRequest {
  readonly sourceServerID: string;
}

export interface DescribePreflightResponse {
  /** Absent before the first recovery point. */
  readonly preflight?: PreflightItem | undefined;
}

/** WAITING: for a launch host, or for the next attempt; `reason` says for what. */
export type PreflightState = 'WAITING' | 'RUNNING' | 'COMPLETE' | 'FAILED';
export type PreflightTrigger = 'FIRST_POINT' | 'REQUESTED';

export interface PreflightItem {
  readonly preflightID: string;
  readonly sourceServerID: string;
  readonly state: PreflightState;
  readonly trigger: PreflightTrigger;
  readonly createdDateTime: string;
  /** That failed. */
  readonly attempts: number;
  readonly reason?: string | undefined;
  readonly nextAttemptDateTime?: string | undefined;
  /** The last that was complete, of this preflight or an earlier one. */
  readonly report?: PreflightReport | undefined;
}

export interface PreflightReport {
  readonly recoveryPoint: LaunchedMachineRecoveryPoint;
  readonly inspectedDateTime: string;
  readonly durationMs: number;
  readonly operatingSystem: string;
  /** Firmware that a launch would start it with; absent when it cannot be told. */
  readonly bootMode?: PreflightBootMode | undefined;
  readonly facts: readonly PreflightFact[];
  /** Worst first. */
  readonly findings: readonly PreflightFinding[];
}

export type PreflightBootMode = 'LEGACY_BIOS' | 'UEFI';

export interface PreflightFact {
  readonly name: string;
  readonly value: string;
}

export type FindingRank = 'BLOCKER' | 'WILL_BE_FIXED' | 'NOTE';

export interface PreflightFinding {
  readonly rank: FindingRank;
  readonly code: string;
  /** On this server. */
  readonly what: string;
  readonly why: string;
  readonly fix?: string | undefined;
}
