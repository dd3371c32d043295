/**
 * At most one connection per source server touches its store. A newer connection wins: the older is ended,
 * and the newer begins only when the older has let go of the store. Of several that wait, the newest
 * begins.
 */
import { OperationError } from '@landfall/runtime';

interface Turn {
  readonly end: (reason: OperationError) => void;
  readonly ended: Promise<void>;
}

export interface Place {
  /** The store is free for somebody else. */
  leave(): void;
}

export class SessionRegistry {
  readonly #turns = new Map<string, Turn>();

  /** Ends whoever has the place and resolves when it is free. `end` is called when somebody newer comes. */
  async take(sourceServerId: string, end: (reason: OperationError) => void): Promise<Place> {
    const older = this.#turns.get(sourceServerId);
    const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<void>();
    const turn: Turn = { end, ended };
    this.#turns.set(sourceServerId, turn);
    older?.end(superseded());
    await older?.ended;
    const leave = () => {
      if (this.#turns.get(sourceServerId) === turn) this.#turns.delete(sourceServerId);
      resolveEnded();
    };
    return { leave };
  }

  /** Ends the connection of that server, if any, and resolves when it has left. */
  async end(sourceServerId: string, reason: OperationError): Promise<void> {
    const turn = this.#turns.get(sourceServerId);
    turn?.end(reason);
    await turn?.ended;
  }

  async endAll(reason: OperationError): Promise<void> {
    await Promise.all([...this.#turns.keys()].map((sourceServerId) => this.end(sourceServerId, reason)));
  }
}

function superseded(): OperationError {
  return new OperationError('SUPERSEDED', 'a newer connection of the same source server took over', {
    hint: 'if this repeats, two agents use the same identity: enrol the copied server again',
    retryable: true,
  });
}
