/**
 * One session with PostgreSQL, given to one user at a time: to Kysely a pool with one connection in it.
 *
 * P1 Whatever is said to the database is said in a session that holds the advisory lock. A session that lost
 *    its connection has lost the lock with it, and nothing of it can be written any more: of two control
 *    planes on one database at most one writes, whatever the network does.
 * P2 A lost session is opened anew by whoever asks next, for PATIENCE_MS since it was lost; after that one
 *    attempt a second is made, and everybody else is told at once. What was under way is told
 *    STORE_UNAVAILABLE: it may or may not have been done, as with any answer that is lost.
 * P3 Should somebody else have owned the database in between, what is in our memory is no longer true: the
 *    session is lost for good. That is known by a mark in the database, new at every start.
 * P4 A session of ours whose end the database has not noticed is ended by us: it has our name.
 */
import { type Clock, type Logger, OperationError, type Random } from '@landfall/runtime';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Client } from 'pg';
import { connectPostgres, isRefusal, isStatementError, refused, unavailable } from './postgres-client.ts';
import { lockDatabase, prepareSession, readMark, writeMark } from './postgres-ownership.ts';
import type { StoreLocation } from './store.ts';

const PATIENCE_MS = 10_000;
const RETRY_MS = 250;
const RETRY_LATER_MS = 1000;
/** More than there are requests at a time: a store that far behind is away. */
const WAITING_MAX = 10_000;

export interface PostgresSessionOptions {
  readonly location: StoreLocation;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export class PostgresSession implements PostgresPool {
  readonly options = {};
  readonly lost: Promise<OperationError>;
  readonly #options: PostgresSessionOptions;
  readonly #name: string;
  readonly #giveUp: (error: OperationError) => void;
  #client: Client | undefined;
  /** P3. Undefined until the tables are there to hold it. */
  #mark: string | undefined;
  #lostFor: OperationError | undefined;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #outSinceMs: number | undefined;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #lastFailure: unknown;

  constructor(options: PostgresSessionOptions) {
    this.#options = options;
    this.#name = `landfall-control-plane ${options.random.uuid()}`;
    const { promise, resolve } = Promise.withResolvers<OperationError>();
    this.lost = promise;
    this.#giveUp = (error) => {
      this.#lostFor = error;
      resolve(error);
    };
  }

  /** From now on the database is ours by its mark (P3). */
  async claim(): Promise<void> {
    const mark = this.#options.random.uuid();
    const { client, pass } = await this.#take();
    try {
      await writeMark(client, mark);
      this.#mark = mark;
    } catch (cause) {
      throw this.#failure(client, cause);
    } finally {
      pass();
    }
  }

  /** Errors: STORE_UNAVAILABLE, STORE_REFUSED, STATE_IN_USE. */
  async connect(): Promise<PostgresPoolClient> {
    const { client, pass } = await this.#take();
    const query = async (sql: string, parameters: readonly unknown[]) => {
      try {
        return await client.query(sql, [...parameters]);
      } catch (cause) {
        throw this.#failure(client, cause);
      }
    };
    const release = (isBroken?: boolean) => {
      if (isBroken === true) this.#drop(client);
      pass();
    };
    // Cursors, its other form, are not asked for.
    return { query: query as unknown as PostgresPoolClient['query'], release };
  }

  async end(): Promise<void> {
    const pass = await this.#takeTurn();
    this.#lostFor ??= new OperationError('STORE_UNAVAILABLE', 'the store was closed');
    const client = this.#client;
    this.#client = undefined;
    try {
      await client?.end();
    } finally {
      pass();
    }
  }

  async #take(): Promise<{ readonly client: Client; readonly pass: () => void }> {
    const pass = await this.#takeTurn();
    try {
      return { client: await this.#live(), pass };
    } catch (error) {
      pass();
      throw error;
    }
  }

  async #takeTurn(): Promise<() => void> {
    if (this.#waiting >= WAITING_MAX) throw unavailable(new Error(`${WAITING_MAX} requests wait for it`));
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    this.#waiting += 1;
    await before;
    this.#waiting -= 1;
    return resolve;
  }

  /** P2 */
  async #live(): Promise<Client> {
    const { clock } = this.#options;
    for (;;) {
      if (this.#lostFor !== undefined) throw this.#lostFor;
      if (this.#client !== undefined) return this.#client;
      this.#outSinceMs ??= clock.nowMs();
      const isPatient = Math.abs(clock.nowMs() - this.#outSinceMs) < PATIENCE_MS;
      const isTooSoon = Math.abs(clock.nowMs() - this.#triedAtMs) < RETRY_LATER_MS;
      if (!isPatient && isTooSoon) throw unavailable(this.#lastFailure);
      try {
        this.#triedAtMs = clock.nowMs();
        await this.#open();
      } catch (cause) {
        if (cause instanceof OperationError) throw cause;
        this.#lastFailure = cause;
        if (!isPatient) throw unavailable(cause);
        await clock.sleep(RETRY_MS);
      }
    }
  }

  async #open(): Promise<void> {
    const { location, clock, log } = this.#options;
    const client = await connectPostgres(location, this.#name, (lost, error) => {
      if (this.#client === lost) log.warn('store-session-lost', { error });
      this.#drop(lost);
    }).catch((cause: unknown) => {
      throw isRefusal(cause) ? refused(cause) : cause;
    });
    try {
      await prepareSession(client);
      await lockDatabase(client, { name: this.#name, clock });
      await this.#checkMark(client);
    } catch (error) {
      this.#abandon(client);
      const isTaken = error instanceof OperationError && error.code === 'STATE_IN_USE';
      if (isTaken && this.#mark !== undefined) this.#giveUp(error);
      throw error;
    }
    if (this.#outSinceMs !== undefined && this.#mark !== undefined) log.info('store-session-opened', {});
    this.#outSinceMs = undefined;
    this.#client = client;
  }

  /** P3 */
  async #checkMark(client: Client): Promise<void> {
    if (this.#mark === undefined || (await readMark(client)) === this.#mark) return;
    throw new OperationError('STATE_IN_USE', 'another control plane has owned the database meanwhile', {
      hint: 'start this one again if it is the one that should run, and stop the other one',
    });
  }

  #failure(client: Client, cause: unknown): unknown {
    if (isStatementError(cause)) return cause;
    this.#drop(client);
    return unavailable(cause);
  }

  /** Its user, if it has one, finds out with its next statement. */
  #drop(client: Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#abandon(client);
  }

  /** Nobody waits for the end of a session that may not even hear of it. */
  #abandon(client: Client): void {
    void client.end().catch((error: unknown) => this.#options.log.warn('store-session-not-ended', { error }));
  }
}
