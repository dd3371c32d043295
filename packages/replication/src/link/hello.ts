/** The agent's half of the greeting. */
import type { EpochSource } from '@landfall/capture';
import { type Clock, OperationError } from '@landfall/runtime';
import {
  FEATURE_RESEND,
  type Link,
  type Message,
  PROTOCOL_VERSION,
  type Refuse,
  type Welcome,
} from '@landfall/wire';
import { followSignal } from './follow-signal.ts';

/** The server may have to end an older connection and open the journal first. */
export const WELCOME_MS_MAX = 60_000;

export interface Greeting {
  readonly link: Link;
  readonly incoming: AsyncIterator<Message>;
  readonly source: EpochSource;
  readonly sourceServerId: string;
  readonly agentVersion: string;
  /** Connections it would open besides this one. */
  readonly lanes: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Errors: the refusal's own code, PROTOCOL_VIOLATION, WELCOME_TIMED_OUT, LINK_LOST. */
export async function greet(greeting: Greeting): Promise<Welcome> {
  const { link, source, sourceServerId, agentVersion, lanes } = greeting;
  const joining = new Set(source.joiningDisks);
  const disks = source.disks.map(({ diskId, deviceName, sizeBytes }, index) => ({
    ...{ diskId, deviceName, sizeBytes },
    ...(joining.has(index) ? { joining: true } : {}),
  }));
  const protocolVersions = [PROTOCOL_VERSION];
  const features = [FEATURE_RESEND];
  await link.send({
    ...{ type: 'HELLO', protocolVersions, sourceServerId, agentVersion, disks, features },
    ...(lanes > 0 ? { lanes } : {}),
  });
  const answer = await firstAnswer(greeting);
  if (answer.type === 'REFUSE') throw refusalError(answer);
  if (answer.type !== 'WELCOME') throw violation(`it answered HELLO with ${answer.type}`);
  if (answer.protocolVersion !== PROTOCOL_VERSION) {
    throw violation(`it chose protocol version ${answer.protocolVersion}`);
  }
  const sameDisks =
    answer.disks.map(({ diskId }) => diskId).join() === disks.map(({ diskId }) => diskId).join();
  if (!sameDisks) throw violation('it welcomed other disks than ours');
  return answer;
}

/** To what a connection begins with. Errors: WELCOME_TIMED_OUT, LINK_LOST. */
export async function firstAnswer(
  conversation: Pick<Greeting, 'link' | 'incoming' | 'clock' | 'signal'>,
): Promise<Message> {
  const { link, incoming, clock, signal } = conversation;
  const waiting = followSignal(signal);
  const expiry = clock.sleep(WELCOME_MS_MAX, waiting.signal).then(
    () => link.destroy(timedOut()),
    (error: unknown) => (waiting.signal.aborted ? undefined : link.destroy(error as Error)),
  );
  try {
    const answer = await incoming.next();
    if (answer.done === true) throw endedByServer();
    return answer.value;
  } finally {
    waiting.end();
    await expiry;
  }
}

export function refusalError({ code, message, hint, retryable }: Refuse): OperationError {
  return new OperationError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    retryable,
    context: { refused: true },
  });
}

export function endedByServer(): OperationError {
  return new OperationError('LINK_LOST', 'the replication server ended the connection', {
    hint: 'look at the log of the replication server; the agent reconnects by itself',
    retryable: true,
  });
}

/** Not a fault: the next greeting names all disks as members. */
export function joined(): OperationError {
  return new OperationError('DISK_JOINED', 'an added disk is copied; the agent connects again with it', {
    hint: 'nothing to do: recovery points have the disk from the next one on',
    retryable: true,
  });
}

export function violation(why: string): OperationError {
  return new OperationError('PROTOCOL_VIOLATION', `the replication server broke the protocol: ${why}`, {
    hint: 'check that agent and replication server are of compatible versions',
  });
}

function timedOut(): OperationError {
  const message = `the replication server did not greet within ${WELCOME_MS_MAX} ms`;
  return new OperationError('WELCOME_TIMED_OUT', message, {
    hint: 'look at the load and the log of the replication server; the agent tries again by itself',
    retryable: true,
  });
}
