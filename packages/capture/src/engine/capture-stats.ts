/** What an engine says of itself. */
import type { HeldCounts } from '../tracker/held-counts.ts';

export interface CaptureStats {
  readonly events: number;
  readonly lostEvents: number;
  readonly lateEvents: number;
  readonly passthroughCommands: number;
  readonly passthroughDisks: readonly number[];
  readonly reads: number;
  readonly bytesRead: number;
  readonly versionsKept: number;
  /** Reads thrown away because a write overlapped them. */
  readonly versionsRejected: number;
  /** In memory now. */
  readonly held: HeldCounts;
  readonly cuts: number;
  readonly lastCutTimeMs: number | undefined;
  /** How far the watermark is behind. */
  readonly watermarkLagMs: number;
  readonly generation: number;
  readonly lastDoubt: string | undefined;
  /** `undefined` while cuts come. */
  readonly whyNoCut: string | undefined;
}
