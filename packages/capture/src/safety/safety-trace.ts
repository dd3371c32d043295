/**
 * One of the two traces a safety net is made of: it records every change of the disks whether or not anybody
 * looks, and goes on when the process ends. `linux-safety-trace.ts` is the real one.
 */
import type { DiskUncertainty } from './uncertainty.ts';

export type SafetyTraceName = 'a' | 'b';

/** What must be found again for a trace to be the one that was meant, whole. Plain: it goes into a file. */
export interface TraceIdentity {
  readonly name: SafetyTraceName;
  /** Written into the trace as its first event. */
  readonly mark: string;
  /** Of the instance's folder: another one has another. */
  readonly inode: number;
  /** Settings by their path, as text. */
  readonly settings: Readonly<Record<string, string>>;
  /** Events committed by each CPU so far; there can only be more. */
  readonly committed: readonly number[];
  /** Of this value, on the clock of the trace: nanoseconds in decimal. */
  readonly madeAtNs: string;
  /** By disk, as the kernel counted them then; null when it does not. */
  readonly sectorsWritten: readonly (number | null)[];
}

export type DrainedTrace =
  | {
      readonly kind: 'COMPLETE';
      readonly disks: readonly DiskUncertainty[];
      readonly eventCount: number;
    }
  | { readonly kind: 'DOUBT'; readonly reason: string };

export interface TraceUsage {
  /** Of the buffer of the fullest CPU, 0 to 1. */
  readonly share: number;
  readonly lostEvents: number;
}

export interface SafetyTrace {
  readonly name: SafetyTraceName;
  /**
   * Empties it and records from now on: every event whose recording begins after this resolves is in it.
   * Events whose recording, by any trace, had begun when it was called are recorded to their end. `mark` is
   * its first. Errors: whatever the kernel refuses; it may record or not then.
   */
  begin(mark: string): Promise<void>;
  /** Of what was begun by this object. */
  identity(): TraceIdentity;
  usage(): TraceUsage;
  /** What of its settings is not as it was begun. */
  alteration(): Promise<string | undefined>;
  /**
   * Reads all of a trace an earlier process began; every event committed before this call is in it. Can be
   * done once: reading consumes. Errors: whatever the kernel refuses.
   */
  drain(identity: TraceIdentity): Promise<DrainedTrace>;
  /** Records no more. */
  stop(): Promise<void>;
  /** Closes what this process holds of it; it records on, and another may begin it anew. */
  release(): void;
  /** Leaves nothing behind. */
  remove(): Promise<void>;
}
