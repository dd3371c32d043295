/**
 * Group commit (J2): closed epochs wait here until one round of `fdatasync`, in parallel on all touched
 * files, covers them. Epochs closed while a round runs are covered together by the next one. Epochs become
 * durable in order.
 */
import type { EpochCommit } from '@landfall/model';
import type { DiskJournal } from './disk-journal.ts';

const EPOCHS_WAITING_MAX = 256;

export interface GroupSyncEvents {
  readonly onDurable: (commit: EpochCommit) => void;
  /** The error each waiting commit is rejected with. */
  readonly onFailure: (error: unknown) => Error;
  /** Nothing waits any more. */
  readonly onIdle: () => void;
}

interface WaitingEpoch {
  readonly commit: EpochCommit;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class GroupSync {
  readonly #disks: readonly DiskJournal[];
  readonly #events: GroupSyncEvents;
  #waiting: WaitingEpoch[] = [];
  #running: Promise<void> | undefined;

  constructor(disks: readonly DiskJournal[], events: GroupSyncEvents) {
    this.#disks = disks;
    this.#events = events;
  }

  /** Resolves when the epoch is durable on all disks. */
  add(commit: EpochCommit): Promise<void> {
    const durable = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ commit, resolve, reject });
    });
    this.#running ??= this.#run();
    return durable;
  }

  /** Resolves when nothing waits, whether it became durable or failed. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async waitForRoom(): Promise<void> {
    if (this.#waiting.length >= EPOCHS_WAITING_MAX) await this.settled();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const round = [...this.#waiting];
      try {
        await allSettled(this.#disks.map((disk) => disk.sync()));
      } catch (error) {
        this.#reject(error);
        break;
      }
      this.#waiting = this.#waiting.slice(round.length);
      for (const epoch of round) {
        this.#events.onDurable(epoch.commit);
        epoch.resolve();
      }
    }
    this.#running = undefined;
    this.#events.onIdle();
  }

  #reject(error: unknown): void {
    const failure = this.#events.onFailure(error);
    const failed = this.#waiting;
    this.#waiting = [];
    for (const epoch of failed) epoch.reject(failure);
  }
}

/**
 * Like `Promise.all`, but waits for all of them also when one fails: nothing goes on behind the caller's
 * back.
 */
export async function allSettled<Result>(promises: readonly Promise<Result>[]): Promise<Result[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
