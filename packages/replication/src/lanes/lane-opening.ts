/**
 * Opens the lanes of a session beside its first connection, which meanwhile does alone. One that cannot be
 * opened is done without; one that was open and is lost is the end of the session.
 */
import {
  AssertionFailure,
  type Backoff,
  type Clock,
  type Logger,
  type Random,
  retry,
} from '@landfall/runtime';
import type { Link, Message } from '@landfall/wire';
import { endedByServer, firstAnswer, refusalError, violation } from '../link/hello.ts';
import { withKeepAlive } from '../link/keep-alive.ts';
import type { LanedLink } from './laned-link.ts';

export const LANE_BACKOFF: Backoff = { initialMs: 500, maximumMs: 30_000 };
export const LANE_ATTEMPTS_MAX = 6;

export interface LaneOpening {
  readonly link: LanedLink;
  readonly lanes: number;
  readonly token: string;
  /** Dials the replication server; lanes are numbered from 1. */
  readonly connect: (signal: AbortSignal, lane: number) => Promise<Link>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random?: Random | undefined;
}

/** Resolves when none is left to be looked after; rejects, with the reason, when an open one is lost. */
export async function keepLanes(opening: LaneOpening): Promise<void> {
  await Promise.all(Array.from({ length: opening.lanes }, (_, index) => keepLane(opening, index + 1)));
}

async function keepLane(opening: LaneOpening, number: number): Promise<void> {
  const { signal, clock, random, logger } = opening;
  const abandoned = (error: unknown) => {
    if (error instanceof AssertionFailure || signal.aborted) throw error;
    logger.warn('lane-not-opened', { lane: number, error });
    return undefined;
  };
  const lane = await retry(() => openLane(opening, number), {
    ...{ attemptsMax: LANE_ATTEMPTS_MAX, backoff: LANE_BACKOFF, clock, signal },
    ...(random === undefined ? {} : { random }),
    isRetryable: (error) => !(error instanceof AssertionFailure),
  }).catch(abandoned);
  if (lane === undefined) return;
  opening.link.add(lane.link);
  logger.info('lane-opened', { lane: number, lanes: opening.link.laneCount });
  const next = await lane.incoming.next();
  if (next.done === true) throw endedByServer();
  throw unexpected(next.value);
}

interface OpenLane {
  readonly link: Link;
  readonly incoming: AsyncIterator<Message>;
}

async function openLane(opening: LaneOpening, number: number): Promise<OpenLane> {
  const { connect, token, clock, signal } = opening;
  const link = withKeepAlive(await connect(signal, number), clock);
  try {
    signal.throwIfAborted(); // While it was dialled: then nobody hears of the abort any more.
    signal.addEventListener('abort', () => link.destroy(), { once: true });
    const incoming = link.messages()[Symbol.asyncIterator]();
    await link.send({ type: 'LANE', token });
    const answer = await firstAnswer({ link, incoming, clock, signal });
    if (answer.type !== 'LANE_OPEN') throw unexpected(answer);
    return { link, incoming };
  } catch (error) {
    link.destroy();
    throw error;
  }
}

function unexpected(message: Message): Error {
  return message.type === 'REFUSE' ? refusalError(message) : violation(`it sent ${message.type} by a lane`);
}
