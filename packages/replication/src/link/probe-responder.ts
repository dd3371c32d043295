/**
 * The server's half of measuring a link: counts the bytes of PROBE frames and says so after each. No store
 * is opened and no session of the same server is disturbed. Bounded in bytes, in time and in number, so
 * that a probe cannot take the place of replication.
 */
import { type Clock, OperationError } from '@landfall/runtime';
import type { Link, Message, ProbeMessage } from '@landfall/wire';
import { AGENT_ROLE } from '../receiver/incoming-epoch.ts';
import type { ReceiverPeer } from '../receiver/receiver-options.ts';

export const PROBE_TOTAL_BYTES_MAX = 1024 * 1024 * 1024;
export const PROBE_MS_MAX = 30_000;
export const PROBES_AT_ONCE_MAX = 4;

export class ProbeResponder {
  readonly #clock: Clock;
  readonly #probing = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until the agent ends it. Errors: PROBE_BUSY, PROBE_EXCEEDED, PROTOCOL_VIOLATION, those of the link. */
  async serve(
    link: Link,
    peer: ReceiverPeer,
    conversation: { readonly first: ProbeMessage; readonly messages: AsyncIterator<Message> },
  ): Promise<void> {
    if (peer.role !== AGENT_ROLE) throw violation(`a ${peer.role} sent PROBE`);
    if (this.#probing.has(peer.programId) || this.#probing.size >= PROBES_AT_ONCE_MAX) throw busy();
    this.#probing.add(peer.programId);
    try {
      await this.#answerAll(link, conversation.first, conversation.messages);
    } finally {
      this.#probing.delete(peer.programId);
    }
  }

  async #answerAll(link: Link, first: ProbeMessage, messages: AsyncIterator<Message>): Promise<void> {
    const latestNs = this.#clock.monotonicNs() + BigInt(PROBE_MS_MAX) * 1_000_000n;
    let bytes = 0;
    for (let message: Message = first; ; ) {
      if (message.type !== 'PROBE') throw violation(`the agent sent ${message.type} after PROBE`);
      bytes += message.payload.length;
      if (bytes > PROBE_TOTAL_BYTES_MAX || this.#clock.monotonicNs() > latestNs) throw exceeded();
      await link.send({ type: 'PROBED', bytes });
      const next = await messages.next();
      if (next.done === true) return;
      message = next.value;
    }
  }
}

function violation(what: string): OperationError {
  return new OperationError('PROTOCOL_VIOLATION', what, {
    hint: 'check that agent and replication server are of compatible versions',
  });
}

function busy(): OperationError {
  return new OperationError(
    'PROBE_BUSY',
    'the link of this server, or of several others, is being measured',
    {
      hint: 'wait half a minute and run `landfall-agent forecast` again',
      retryable: true,
    },
  );
}

function exceeded(): OperationError {
  const message = `a measurement of the link went past ${PROBE_TOTAL_BYTES_MAX} bytes or ${PROBE_MS_MAX} ms`;
  return new OperationError('PROBE_EXCEEDED', message, {
    hint: 'check that agent and replication server are of compatible versions',
  });
}
