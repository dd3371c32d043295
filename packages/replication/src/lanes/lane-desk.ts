/**
 * Lets lanes in: which session a connection that begins with LANE belongs to, and how many there may be. A
 * lane proves that it belongs by the token its session was welcomed with and by the very certificate that
 * was shown there.
 */
import { OperationError, type Random } from '@landfall/runtime';
import type { LaneMessage, Link, Message } from '@landfall/wire';
import type { ReceiverPeer } from '../receiver/receiver-options.ts';
import { LaneMerge } from './lane-merge.ts';
import { LANE_BUFFER_BYTES_MAX } from './laned-link.ts';

export const LANES_PER_SESSION_DEFAULT = 7;
/** Of all sessions together: a quarter of what the port takes. */
export const LANES_AT_ONCE_MAX = 128;
const TOKEN_BYTES = 32;

export interface LanedSession {
  /** For WELCOME. */
  readonly lanes: number;
  readonly laneToken: string;
  /** What comes by all connections of the session. */
  readonly messages: AsyncIterator<Message>;
  /** By lanes. */
  bytesReceived(): number;
  /** The session is over: its lanes end. */
  end(): void;
}

interface Session {
  readonly peer: ReceiverPeer;
  readonly merge: LaneMerge;
  readonly lanes: number;
  readonly attached: Link[];
  readonly ended: Promise<void>;
}

export class LaneDesk {
  readonly #random: Random;
  readonly #perSessionMax: number;
  readonly #sessions = new Map<string, Session>();

  constructor(random: Random, perSessionMax: number) {
    this.#random = random;
    this.#perSessionMax = perSessionMax;
  }

  /** `undefined` when the session has to do with one connection. */
  open(
    link: Link,
    peer: ReceiverPeer,
    conversation: { readonly wanted: number; readonly messages: AsyncIterator<Message> },
  ): LanedSession | undefined {
    const lanes = Math.min(conversation.wanted, this.#perSessionMax, LANES_AT_ONCE_MAX - this.#granted);
    if (lanes <= 0) return undefined;
    const laneToken = this.#random.bytes(TOKEN_BYTES).toString('hex');
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const merge = new LaneMerge(conversation.messages, (error) => link.destroy(error));
    const attached: Link[] = [];
    this.#sessions.set(laneToken, { peer, merge, lanes, attached, ended });
    return {
      ...{ lanes, laneToken, messages: merge },
      bytesReceived: () => attached.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0),
      end: () => {
        this.#sessions.delete(laneToken);
        resolve();
      },
    };
  }

  /** Until the session ends. Errors: LANE_REFUSED, LINK_LOST. */
  async serve(
    link: Link,
    peer: ReceiverPeer,
    conversation: { readonly first: LaneMessage; readonly messages: AsyncIterator<Message> },
  ): Promise<void> {
    const session = this.#sessions.get(conversation.first.token);
    if (session === undefined || !isSame(session.peer, peer))
      throw refused('no session of this agent has it');
    if (session.attached.length >= session.lanes) throw refused('the session has all its lanes');
    session.attached.push(link);
    link.limitBuffers(LANE_BUFFER_BYTES_MAX);
    await link.send({ type: 'LANE_OPEN' });
    session.merge.attach(conversation.messages);
    await session.ended;
  }

  get #granted(): number {
    return [...this.#sessions.values()].reduce((sum, { lanes }) => sum + lanes, 0);
  }
}

function isSame(one: ReceiverPeer, other: ReceiverPeer): boolean {
  return (
    one.programId === other.programId && one.role === other.role && one.fingerprint === other.fingerprint
  );
}

function refused(why: string): OperationError {
  return new OperationError('LANE_REFUSED', `a lane of a replication connection was refused: ${why}`, {
    hint: 'nothing to do: the agent goes on with the connections it has',
    retryable: true,
  });
}
