/** What a receiver is given, and what it says of its progress. */
import type { Clock, Logger, Random } from '@landfall/runtime';
import type { Hello, Link } from '@landfall/wire';
import type { EpochStore } from '../epoch-store.ts';

/** Who is at the other end, from the certificate (`LinkPeer` of wire is one). */
export interface ReceiverPeer {
  readonly programId: string;
  readonly role: string;
  readonly fingerprint: string;
}

export interface ReceiverProgress {
  readonly sourceServerId: string;
  readonly connected: boolean;
  readonly lastEpoch: number;
  /** Of the newest epoch that became durable on this connection. */
  readonly lastCutTimeMs: number | null;
  /** Frames received on this connection and its lanes. */
  readonly bytesReceived: number;
  /** Why the connection was refused or given up, e.g. STAGING_FULL; gone with the next connection. */
  readonly failure?: { readonly code: string; readonly message: string };
}

export interface ReceiverOptions {
  /**
   * The store of this server, with the disks of `hello` in their order, or an OperationError that the agent
   * is shown. Called when no other connection of that server is using the store.
   */
  readonly resolveStore: (sourceServerId: string, peer: ReceiverPeer, hello: Hello) => Promise<EpochStore>;
  /**
   * Whether the link to that agent may be measured: throws an OperationError that it is shown. Default: any
   * agent.
   */
  readonly admitProbe?: (peer: ReceiverPeer) => void;
  readonly logger: Logger;
  /** At WELCOME, at every durable epoch, every PROGRESS_BYTES, and at the end. */
  readonly onProgress?: (progress: ReceiverProgress) => void;
  readonly clock?: Clock;
  /** Connections an agent may have, its first included. Default: LANES_PER_SESSION_DEFAULT and that. */
  readonly streamsMax?: number;
  /** Of the tokens of lanes. */
  readonly random?: Random;
}

export interface ResendRange {
  readonly diskId: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export interface Receiver {
  /** Serves one connection to its end; rejects only for a programmer error. */
  serveLink(link: Link, peer: ReceiverPeer): Promise<void>;
  /**
   * Ends the connection of a server, if there is one, and resolves when its store is free: before it is
   * discarded.
   */
  disconnect(sourceServerId: string): Promise<void>;
  /**
   * Asks the agent of a server to send these bytes of its disks again, with its next epoch. False when it is
   * not connected, does not have one of the disks, or does not understand.
   */
  resend(sourceServerId: string, ranges: readonly ResendRange[]): boolean;
  /** Ends every connection and resolves when every store is free. */
  close(): Promise<void>;
}
