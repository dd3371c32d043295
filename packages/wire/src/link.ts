/**
 * One connection between an agent and a replication server, as messages. Every implementation keeps this
 * contract.
 */
import type { Message } from './messages.ts';

export interface Link {
  /**
   * Hands the message over; resolves when the link has room for more (back-pressure). Messages arrive in
   * the order of the calls, or not at all once the link is lost. Errors: LINK_LOST.
   */
  send(message: Message): Promise<void>;
  /**
   * What the peer sends, in order; the peer is slowed down while nobody takes. Ends when the peer closed in
   * good order. To be iterated once. Errors: LINK_LOST (also a frame cut off), CERTIFICATE_REFUSED,
   * FRAME_*.
   */
  messages(): AsyncIterable<Message>;
  /** Delivers what was sent, says goodbye, waits for the peer to do the same (at most LINGER_MS), ends. */
  close(): Promise<void>;
  /** Ends at once; what is under way is lost. */
  destroy(reason?: Error): void;
  /** What may wait in either direction; for links that share what one link may have. */
  limitBuffers(bytesMax: number): void;
  /** Of frames that were sent, and that the network has not taken. */
  readonly bytesWaiting: number;
  /** Bytes of frames, both ways, since the link began. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** Who is at the other end, from its certificate. */
export interface LinkPeer {
  /** Common name. */
  readonly programId: string;
  /** Organizational unit: `agent`, `replication-server` … */
  readonly role: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  readonly address: string;
}
