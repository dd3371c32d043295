/** What runs on the source while it is replicated, and how its state at a cut is judged. */
import type { CutTime, Proof } from './proof.ts';

export interface Workload {
  /** Makes what it needs and begins to write; returns when the first writes are acknowledged. */
  start(): Promise<void>;
  /** Ends in order: afterwards nothing of it writes any more, and its history is complete. */
  stop(): Promise<void>;
  /** Its writers stand still until `resume`; what they are in the middle of stays unfinished. */
  pause(): Promise<void>;
  resume(): void;
  /** Throws when a writer has ended by itself. */
  assertRunning(): void;
  /** Judges what is in `place` at the cut. `place` is a copy and may be written to. */
  prove(place: ProvedPlace, cut: CutTime): Promise<Proof>;
}

export interface ProvedPlace {
  /** Images of the disks, in the order of the source's. */
  readonly images: readonly string[];
  /** Where the first disk's file system is mounted, for workloads that have one. */
  readonly mountPoint: string;
}
