/** What the control plane and a launch host say of a preflight. */
import type { PreflightResult } from '@landfall/model';
import type { MachineDisk, MachineSpecification } from './machine-messages.ts';

export interface PreflightOrder {
  readonly preflightId: string;
  /** Views, read only. */
  readonly disks: readonly MachineDisk[];
  readonly bootMode: MachineSpecification['bootMode'];
  /** Absent: AUTOMATIC. */
  readonly conversionMethod?: MachineSpecification['conversionMethod'];
}

export interface PreflightStatus {
  readonly preflightId: string;
  readonly state: 'RUNNING' | 'COMPLETE' | 'FAILED';
  /** When COMPLETE. */
  readonly result?: PreflightResult;
  /** When FAILED. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

export interface PreflightCommands {
  /**
   * Begins a preflight, or reports how far it is; idempotent by preflightId. One that FAILED is told once,
   * and begins again when it is asked for again.
   */
  runPreflight: { input: PreflightOrder; output: PreflightStatus };
}
