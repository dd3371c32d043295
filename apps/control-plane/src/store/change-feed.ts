/**
 * Tells of what changes in the store, whoever changed it.
 *
 * F1  What the listener is told has been committed; what a transaction that failed wrote is never told.
 * F2  What `prepare` writes for a change in a transaction is committed with it, or not at all.
 * F3  Changes are told in the order of their commits.
 * F4  Followers hear of every change once it is committed, before whoever wrote it goes on. They hear also of
 *     what failed: where only the answer of the database was lost it has been committed.
 */
import { describeError, type Logger, silentLogger } from '@landfall/runtime';
import { type RowChange, RowChangeObserver } from './row-changes.ts';
import type { Queries } from './schema.ts';
import type { Store } from './store.ts';

export interface ChangeListener {
  /** Other changes are not told: most writes concern nobody. */
  watches(change: RowChange): boolean;
  /** Before the commit, with the transaction of the change. What it returns is called after the commit. */
  prepare(tx: Queries, changes: readonly RowChange[]): Promise<() => void>;
}

export interface WatchedStore extends Store {
  /** What is written by `db` and in transactions is told here. */
  readonly changes: ChangeFeed;
}

/** The same store, whichever database it is, that tells of its changes. */
export function watchStore(store: Store): WatchedStore {
  const changes = new ChangeFeed();
  store.unanswered?.follow((made) => changes.tellFollowers(made));
  return {
    db: changes.observe(store.db, (run) => store.transaction(run)),
    transaction: (work) => changes.transaction((run) => store.transaction(run), work),
    lost: store.lost,
    changes,
    close: async () => {
      await changes.told();
      await store.close();
    },
  };
}

/** Must not throw, and only takes note to read again: what it hears of may have been undone. */
export type ChangeFollower = (changes: readonly RowChange[]) => void;

type Transact = <Result>(run: (tx: Queries) => Promise<Result>) => Promise<Result>;

export class ChangeFeed {
  #listener: ChangeListener | undefined;
  readonly #followers: ChangeFollower[] = [];
  #log: Logger = silentLogger;
  #telling: Promise<void> = Promise.resolve();

  /** One listener, set once, when the control plane begins. */
  listen(listener: ChangeListener, log: Logger): void {
    this.#listener = listener;
    this.#log = log;
  }

  /** F4 */
  follow(follower: ChangeFollower): void {
    this.#followers.push(follower);
  }

  /** For writes outside of transactions: told in a transaction of their own, a moment later. */
  observe(db: Queries, transact: Transact): Queries {
    return db.withPlugin(
      new RowChangeObserver((made) => {
        this.tellFollowers(made);
        const changes = this.#watched(made);
        if (changes.length === 0) return;
        const tell = () => transact((tx) => this.#prepare(tx, changes)).then((publish) => publish());
        this.#telling = this.#telling.then(tell).catch((error: unknown) => {
          this.#log.error('change-not-told', { error, explanation: describeError(error) });
        });
      }),
    );
  }

  /** Around one transaction. */
  async transaction<Result>(transact: Transact, work: (tx: Queries) => Promise<Result>): Promise<Result> {
    const changes: RowChange[] = [];
    try {
      const { result, publish } = await transact(async (tx) => {
        const observed = tx.withPlugin(new RowChangeObserver((made) => changes.push(...made)));
        const made = await work(observed);
        return { result: made, publish: await this.#prepare(tx, this.#watched(changes)) };
      });
      this.tellFollowers(changes);
      publish();
      return result;
    } catch (error) {
      this.tellFollowers(changes);
      throw error;
    }
  }

  /** Resolves when everything that was written has been told. */
  told(): Promise<void> {
    return this.#telling;
  }

  /** F4 */
  tellFollowers(changes: readonly RowChange[]): void {
    for (const follower of this.#followers) follower(changes);
  }

  #watched(changes: readonly RowChange[]): readonly RowChange[] {
    return changes.filter((change) => this.#listener?.watches(change) === true);
  }

  #prepare(tx: Queries, changes: readonly RowChange[]): Promise<() => void> {
    if (changes.length === 0 || this.#listener === undefined) return Promise.resolve(() => undefined);
    return this.#listener.prepare(tx, changes);
  }
}
