/** What a replication server is asked to do with the journal of a server, besides what it does by itself. */
import type { DamageFacts } from './scrub.ts';

/**
 * VERIFY: read everything once, now. SCRUB: begin the next pass of the scrub that goes on all the time.
 * COMPACT: drop what the tiers do not keep and remove what no point sees, without pauses.
 */
export const JOURNAL_TASKS = ['VERIFY', 'SCRUB', 'COMPACT'] as const;
export type JournalTaskName = (typeof JOURNAL_TASKS)[number];

export const JOURNAL_TASK_STATES = ['RUNNING', 'COMPLETE', 'FAILED'] as const;
export type JournalTaskState = (typeof JOURNAL_TASK_STATES)[number];

export interface JournalTaskFacts {
  readonly task: JournalTaskName;
  readonly state: JournalTaskState;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** VERIFY and SCRUB: what was read of what there is to read. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** VERIFY and SCRUB. */
  readonly damageCount: number;
  readonly damages: readonly DamageFacts[];
  /** COMPACT: what the journal took before, and takes now; replication goes on meanwhile. */
  readonly bytesBefore: number;
  readonly bytesNow: number;
  readonly droppedPoints: number;
  /** With FAILED: why, and what to do. */
  readonly reason?: string;
}
