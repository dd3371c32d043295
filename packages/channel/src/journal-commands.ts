/** What can be asked of a replication server about the journal of a server; see `messages.ts`. */
import type {
  JournalSpace,
  JournalTaskFacts,
  JournalTaskName,
  RetentionWish,
  SpaceForecast,
} from '@landfall/model';

export interface VolumeFacts {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Of the whole volume, whoever writes to it. */
  readonly forecast: SpaceForecast;
}

export interface JournalFacts {
  /** The newest measurement; absent until the first one is complete. */
  readonly space?: JournalSpace;
  /** Another measurement is under way. */
  readonly measuring?: { readonly records: number; readonly recordsTotal: number };
  readonly limitBytes?: number;
  /** Towards its limit; without one, towards the end of the volume. */
  readonly forecast: SpaceForecast;
  readonly volume: VolumeFacts;
  /** It is nearly at its limit, or the volume nearly full: what to do. */
  readonly warning?: string;
}

/** What would happen to the points of a server if something else were put. */
export interface RetentionPreviewFacts {
  /** Those that stay as things are. */
  readonly points: number;
  /** Of them, those that would be dropped. */
  readonly droppedPoints: number;
  /** Cut times; null when there is none. */
  readonly oldestMs: number | null;
  readonly oldestKeptMs: number | null;
}

export interface JournalCommands {
  /** Changes nothing. What the file of the replication server says is taken into account. */
  previewRetention: {
    input: { sourceServerId: string; wish: RetentionWish };
    output: RetentionPreviewFacts;
  };
  /** Measures if the last measurement is old; answers within seconds, complete or not. */
  describeJournal: { input: { sourceServerId: string }; output: JournalFacts };
  /** Begins it, or tells of the one that is running. */
  startJournalTask: {
    input: { sourceServerId: string; task: JournalTaskName };
    output: JournalTaskFacts;
  };
  /** Of the newest one; absent: there was none since the replication server was started. */
  describeJournalTask: {
    input: { sourceServerId: string; task: JournalTaskName };
    output: { task?: JournalTaskFacts };
  };
}
