/**
 * The replication server's end of replication: greets agents, gives each its store, one connection a server
 * at a time, and says why when it refuses. Further connections of a welcomed agent are its lanes.
 */
import { AssertionFailure, type Clock, OperationError, systemClock, systemRandom } from '@landfall/runtime';
import type { Hello, LaneMessage, Link, Message, ProbeMessage } from '@landfall/wire';
import { LANES_PER_SESSION_DEFAULT, LaneDesk, type LanedSession } from '../lanes/lane-desk.ts';
import { followSignal } from '../link/follow-signal.ts';
import { withKeepAlive } from '../link/keep-alive.ts';
import { ProbeResponder } from '../link/probe-responder.ts';
import { checkHello } from './incoming-epoch.ts';
import type {
  Receiver,
  ReceiverOptions,
  ReceiverPeer,
  ReceiverProgress,
  ResendRange,
} from './receiver-options.ts';
import { ReceiverSession } from './receiver-session.ts';
import { type Place, SessionRegistry } from './session-registry.ts';

export const HELLO_MS_MAX = 10_000;
/** Peers whose last refusal is remembered, so that the same one is logged once. */
const REFUSALS_REMEMBERED_MAX = 1024;

export function createReceiver(options: ReceiverOptions): Receiver {
  return new ReplicationReceiver(options);
}

interface Connection {
  readonly link: Link;
  readonly peer: ReceiverPeer;
  place: Place | undefined;
  session: ReceiverSession | undefined;
  lanes: LanedSession | undefined;
  /** Why it was told to end, if it was. */
  ending: OperationError | undefined;
  progress: Omit<ReceiverProgress, 'bytesReceived'> | undefined;
}

/** What a connection may begin with. */
type Beginning = Hello | ProbeMessage | LaneMessage;

class ReplicationReceiver implements Receiver {
  readonly #options: ReceiverOptions;
  readonly #clock: Clock;
  readonly #registry = new SessionRegistry();
  readonly #probes: ProbeResponder;
  readonly #lanes: LaneDesk;
  readonly #refusals = new Map<string, string>();
  /** By source server: the connection that is served. */
  readonly #welcomed = new Map<string, ReceiverSession>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#probes = new ProbeResponder(this.#clock);
    const { random = systemRandom, streamsMax } = options;
    this.#lanes = new LaneDesk(random, streamsMax === undefined ? LANES_PER_SESSION_DEFAULT : streamsMax - 1);
  }

  /** The store is let go before the link is closed in good order, for a newer connection may be waiting. */
  async serveLink(dialled: Link, peer: ReceiverPeer): Promise<void> {
    const stagingFacts = () => connection.session?.stagingFacts;
    const link = withKeepAlive(dialled, this.#clock, { stagingFacts });
    const connection: Connection = {
      ...{ link, peer, place: undefined, session: undefined, lanes: undefined },
      ...{ ending: undefined, progress: undefined },
    };
    try {
      await this.#converse(connection, link.messages()[Symbol.asyncIterator]());
    } catch (error) {
      await this.#refuse(connection, error);
      if (error instanceof AssertionFailure) throw error;
    } finally {
      await this.#letGo(connection);
      await link.close();
      connection.lanes?.end(); // Later than the first connection: that is where the agent is told why.
    }
  }

  async disconnect(sourceServerId: string): Promise<void> {
    await this.#registry.end(sourceServerId, disconnected());
  }

  resend(sourceServerId: string, ranges: readonly ResendRange[]): boolean {
    const session = this.#welcomed.get(sourceServerId);
    if (session === undefined) return false;
    const extents = ranges.map(({ diskId, ...range }) => {
      return { diskIndex: session.diskIds.indexOf(diskId), ...range };
    });
    return extents.every(({ diskIndex }) => diskIndex >= 0) && session.resend(extents);
  }

  async close(): Promise<void> {
    await this.#registry.endAll(disconnected());
  }

  async #converse(connection: Connection, messages: AsyncIterator<Message>): Promise<void> {
    const { peer } = connection;
    const first = await this.#first(connection, messages);
    if (first.type === 'PROBE') {
      this.#options.admitProbe?.(peer);
      return this.#probes.serve(connection.link, peer, { first, messages });
    }
    if (first.type === 'LANE') return this.#lanes.serve(connection.link, peer, { first, messages });
    const hello = first;
    checkHello(hello, peer);
    const { sourceServerId, agentVersion } = hello;
    connection.place = await this.#registry.take(sourceServerId, (reason) =>
      endConnection(connection, reason),
    );
    throwIfEnding(connection);
    const store = await this.#options.resolveStore(sourceServerId, peer, hello);
    throwIfEnding(connection);
    await store.abandon();
    throwIfEnding(connection);
    const onProgress = (lastEpoch: number, lastCutTimeMs: number | null) =>
      this.#tellProgress(connection, { sourceServerId, connected: true, lastEpoch, lastCutTimeMs });
    const { link } = connection;
    const lanes = this.#lanes.open(link, peer, { wanted: hello.lanes ?? 0, messages });
    connection.lanes = lanes;
    connection.session = new ReceiverSession({ link, store, hello, onProgress, lanes, clock: this.#clock });
    onProgress(store.lastEpoch, null);
    this.#refusals.delete(peer.programId);
    this.#options.logger.info('agent-connected', {
      sourceServerId,
      agentVersion,
      lastEpoch: store.lastEpoch,
    });
    this.#welcomed.set(sourceServerId, connection.session);
    await connection.session.serve(lanes?.messages ?? messages);
    this.#options.logger.info('agent-disconnected', { sourceServerId });
  }

  async #first({ link }: Connection, messages: AsyncIterator<Message>): Promise<Beginning> {
    const waiting = followSignal(new AbortController().signal);
    const expiry = this.#clock.sleep(HELLO_MS_MAX, waiting.signal).then(
      () => link.destroy(noHello(`nothing for ${HELLO_MS_MAX} ms`)),
      (error: unknown) => (waiting.signal.aborted ? undefined : link.destroy(error as Error)),
    );
    try {
      const first = await messages.next();
      if (first.done !== true && isBeginning(first.value)) return first.value;
      throw noHello(first.done === true ? 'nothing' : first.value.type);
    } finally {
      waiting.end();
      await expiry;
    }
  }

  async #refuse(connection: Connection, error: unknown): Promise<void> {
    const { link, peer, progress } = connection;
    const { code, message, hint, retryable } = asOperationError(error);
    const isNews = this.#refusals.get(peer.programId) !== code;
    this.#options.logger[isNews ? 'warn' : 'debug']('agent-refused', {
      programId: peer.programId,
      role: peer.role,
      error,
    });
    this.#remember(peer.programId, code);
    if (progress !== undefined) connection.progress = { ...progress, failure: { code, message } };
    try {
      await link.send({ type: 'REFUSE', code, message, ...(hint === undefined ? {} : { hint }), retryable });
    } catch (undelivered) {
      this.#options.logger.debug('refusal-undelivered', { programId: peer.programId, error: undelivered });
    }
  }

  #remember(programId: string, code: string): void {
    if (this.#refusals.size >= REFUSALS_REMEMBERED_MAX) this.#refusals.clear();
    this.#refusals.set(programId, code);
  }

  /** What cannot be cleaned up now is cleaned up, or refused, when the next connection begins. */
  async #letGo(connection: Connection): Promise<void> {
    const { session, progress, place, peer } = connection;
    if (session !== undefined && this.#welcomed.get(peer.programId) === session)
      this.#welcomed.delete(peer.programId);
    try {
      await session?.letGo();
    } catch (error) {
      this.#options.logger.error('epoch-not-abandoned', { programId: peer.programId, error });
    }
    if (progress !== undefined) this.#tellProgress(connection, { ...progress, connected: false });
    place?.leave();
  }

  #tellProgress(connection: Connection, progress: Omit<ReceiverProgress, 'bytesReceived'>): void {
    connection.progress = progress;
    this.#options.onProgress?.({ ...progress, bytesReceived: bytesReceivedBy(connection) });
  }
}

function isBeginning(message: Message): message is Beginning {
  const { type } = message;
  return type === 'HELLO' || type === 'PROBE' || type === 'LANE';
}

function bytesReceivedBy({ link, lanes }: Connection): number {
  return link.bytesReceived + (lanes?.bytesReceived() ?? 0);
}

function endConnection(connection: Connection, reason: OperationError): void {
  connection.ending ??= reason;
  connection.session?.fail(reason);
}

function throwIfEnding({ ending }: Connection): void {
  if (ending !== undefined) throw ending;
}

function asOperationError(error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  return new OperationError('INTERNAL_ERROR', 'the replication server failed unexpectedly', {
    hint: 'look at the log of the replication server and report it',
    retryable: true,
    cause: error,
  });
}

function noHello(instead: string): OperationError {
  return new OperationError('PROTOCOL_VIOLATION', `the agent sent ${instead} instead of HELLO`, {
    hint: 'check that agent and replication server are of compatible versions',
  });
}

function disconnected(): OperationError {
  return new OperationError('DISCONNECTED', 'the replication server ended the connection on purpose', {
    hint: 'the agent connects again by itself if the server is still to be replicated',
    retryable: true,
  });
}
