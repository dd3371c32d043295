/** What a forecast is made of: measurements only, each a sample of one second unless it says otherwise. */
import type { Bottleneck } from '@landfall/model';

/** Fewer samples say nothing. */
export const SAMPLES_MIN = 10;
/** Parts of all disks together, in the order in which they are read. */
export const PLACES = 16;

/** Distinct blocks changed within windows of one length: rewriting a block in one window counts once. */
export interface ChurnSamples {
  /** 0: every write counted, as it came, over one second. */
  readonly windowMs: number;
  /** One for each window that has passed. */
  readonly bytesPerSecond: readonly number[];
}

export interface StageSamples {
  readonly stage: Bottleneck;
  /** Bytes of disk a second that this stage can pass, each measured while it worked. */
  readonly bytesPerSecond: readonly number[];
}

export interface Measurements {
  /** May differ from the replica. */
  readonly bytesToGo: number;
  readonly totalBytes: number;
  /** No more than this is dirty: recovery points come. */
  readonly settledBytes: number;
  /** Taken from the dirty map at once; what changes again meanwhile is sent once. */
  readonly batchBytes: number;
  /**
   * FROM_END: what is to go is the end of the disks, as in a first sync, which goes from low offsets to high.
   * WHERE_CHANGED: it is a backlog, and lies where changes are made.
   */
  readonly toGoLies: 'FROM_END' | 'WHERE_CHANGED';
  /** The slowest of them decides. */
  readonly stages: readonly StageSamples[];
  /** Of work, that a sample of a stage stands for. */
  readonly sampleSeconds: number;
  /** May well be the slowest, but could not be measured: nothing can be said then. */
  readonly unmeasured: readonly Bottleneck[];
  /** The link was measured by fewer connections than replication uses: it may well pass more. */
  readonly isLinkLeast?: boolean;
  readonly churn: readonly ChurnSamples[];
  /** Share of the changes by place, PLACES of them, in the order of offsets; empty: not known. */
  readonly churnPlaces: readonly number[];
}
