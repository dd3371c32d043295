/**
 * The control plane's memory: tables behind one contract, whatever database holds them.
 *
 * S1 One process owns it: a second one is refused (STATE_IN_USE) while the first is there, and a crash of the
 *    first leaves nothing to clean up.
 * S2 A read that decides a write is in the same transaction; transactions run one after another.
 * S5 What resolved is durable: a commit is on the disk.
 * S6 Text is compared and sorted byte by byte, as UTF-8, on every database alike.
 */
import type { OperationError } from '@landfall/runtime';
import type { UnansweredWrites } from './row-changes.ts';
import type { Queries } from './schema.ts';

export interface Store {
  readonly db: Queries;
  /** Runs `work` alone; what it throws undoes it. Inside, only the given `tx` may be used. */
  transaction<Result>(work: (tx: Queries) => Promise<Result>): Promise<Result>;
  /** Absent: a database in this process answers always. */
  readonly unanswered?: UnansweredWrites;
  /** Resolves with the reason should somebody else own the store now: this process must not go on. */
  readonly lost: Promise<OperationError>;
  close(): Promise<void>;
}

/** A database that is not in the state folder. */
export interface StoreLocation {
  /** `postgres://…`, without a password. */
  readonly url: string;
  readonly password: string | undefined;
}
