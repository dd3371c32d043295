/** The journal as the receiver sees it, watched: which epochs were offered, and which were acknowledged. */
import type { EpochCommit } from '@landfall/model';
import type { EpochStore } from '@landfall/replication';
import { StoreFilter } from './filters.ts';

export interface StoreWatch {
  onOffered(commit: EpochCommit): void;
  onDurable(commit: EpochCommit): void;
}

export class ObservedStore extends StoreFilter {
  readonly #watch: StoreWatch;

  constructor(store: EpochStore, watch: StoreWatch) {
    super(store);
    this.#watch = watch;
  }

  override async commit(commit: EpochCommit): Promise<void> {
    this.#watch.onOffered(commit);
    await super.commit(commit);
    this.#watch.onDurable(commit);
  }
}
