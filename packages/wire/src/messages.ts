/**
 * What agent and replication server say to each other, and how large it may be. Bytes: FORMAT.md.
 *
 *   agent:   HELLO, EXTENT, ZEROES, COMMIT, ABANDON, HASHES_REQUEST, PROBE, LANE, SECTION
 *   server:  WELCOME, DURABLE, HASHES, PROBED, RESEND, LANE_OPEN
 *   both:    REFUSE, PING, PONG
 */
import type { ExtentHeader } from '@landfall/block';
import type { EpochCommit } from '@landfall/model';

export const PROTOCOL_VERSION = 1;

/** Bytes of one extent on the disk, and of its payload. */
export const EXTENT_BYTES_MAX = 1024 * 1024;
/** A control message's JSON. */
export const CONTROL_BYTES_MAX = 64 * 1024;
export const DISKS_MAX = 64;
export const HASH_BYTES = 32;
/** Chunk hashes in one answer: 1 GiB of disk. */
export const HASHES_COUNT_MAX = 1024;
/** Characters of any text in a control message; longer ones are cut when sent and refused when received. */
export const TEXT_LENGTH_MAX = 2000;
export const PROTOCOL_VERSIONS_MAX = 16;
export const FEATURES_MAX = 32;
/** Of one RESEND. */
export const RESEND_EXTENTS_MAX = 256;
/** An agent that says so takes RESEND. */
export const FEATURE_RESEND = 'RESEND';
/** Connections of one session besides its first. */
export const LANES_MAX = 15;
/** Of one PROBE. */
export const PROBE_BYTES_MAX = 64 * 1024;

export interface HelloDisk {
  readonly diskId: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  /** Its first copy is under way beside the epochs of the others: it is not part of recovery points yet. */
  readonly joining?: boolean;
}

export interface Hello {
  readonly type: 'HELLO';
  /** Those the agent speaks; the server picks one. */
  readonly protocolVersions: readonly number[];
  readonly sourceServerId: string;
  readonly agentVersion: string;
  /** Their order is what `diskIndex` means on this connection. */
  readonly disks: readonly HelloDisk[];
  /** What it understands beyond the first release; names that are not known mean nothing. */
  readonly features?: readonly string[];
  /** Connections it would open besides this one. */
  readonly lanes?: number;
}

export interface Welcome {
  readonly type: 'WELCOME';
  readonly protocolVersion: number;
  readonly journalId: string;
  /** The newest durable epoch; 0 when there is none. */
  readonly lastEpoch: number;
  /** In the order of HELLO. `empty`: never written, reads as zeroes. */
  readonly disks: readonly { readonly diskId: string; readonly empty: boolean }[];
  /** Connections that may be opened besides this one; with `laneToken`, or neither. */
  readonly lanes?: number;
  /** What a lane of this session says to be let in. */
  readonly laneToken?: string;
}

/** Instead of WELCOME, or at any later time, with the reason; the connection ends after it. */
export interface Refuse {
  readonly type: 'REFUSE';
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly retryable: boolean;
}

export interface ExtentMessage {
  readonly type: 'EXTENT';
  readonly header: ExtentHeader;
  readonly payload: Buffer;
  /**
   * Says, at most once, that the payload is used no more: a link says it of what it has sent, the taker of
   * what it got. It is overwritten then. Not saying it costs speed only.
   */
  readonly release?: () => void;
}

export interface ZeroesMessage {
  readonly type: 'ZEROES';
  readonly diskIndex: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Closes the open epoch: everything sent since the last COMMIT or ABANDON. */
export interface CommitMessage extends EpochCommit {
  readonly type: 'COMMIT';
}

/** The epoch and all before it are durable on the server. */
export interface Durable {
  readonly type: 'DURABLE';
  readonly epoch: number;
}

/** The open epoch is dropped as if it had never been sent. */
export interface Abandon {
  readonly type: 'ABANDON';
}

export interface HashesRequest {
  readonly type: 'HASHES_REQUEST';
  readonly requestId: number;
  readonly diskIndex: number;
  readonly firstChunk: number;
  readonly count: number;
  /** Of bytes that are read and verified for this request: nothing that is remembered. */
  readonly fresh?: boolean;
}

export interface Hashes {
  readonly type: 'HASHES';
  readonly requestId: number;
  /** SHA-256 of each chunk, 32 bytes each, in order. */
  readonly hashes: Buffer;
}

/** A sign of life; answered with a PONG of the same token. */
export interface Ping {
  readonly type: 'PING';
  readonly token: number;
  /**
   * From the server: what this connection gave its store, and how long it waited for that; both or neither.
   */
  readonly storedBytes?: number;
  readonly storeBusyMs?: number;
}

export interface Pong {
  readonly type: 'PONG';
  readonly token: number;
}

/** Bytes without meaning, to measure the link with; only on a connection that says nothing else. */
export interface ProbeMessage {
  readonly type: 'PROBE';
  readonly payload: Buffer;
}

/** So many bytes of PROBE payloads have arrived on this connection. */
export interface Probed {
  readonly type: 'PROBED';
  readonly bytes: number;
}

export interface ResendExtent {
  readonly diskIndex: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * The server's copy of these bytes is damaged: the agent counts them as changed, so that they come with the
 * next epoch. Only to agents with FEATURE_RESEND.
 */
export interface Resend {
  readonly type: 'RESEND';
  readonly extents: readonly ResendExtent[];
}

/** The first frame of a connection that is a lane: one more way for the extents of a session. */
export interface LaneMessage {
  readonly type: 'LANE';
  readonly token: string;
}

/** The server knows the lane: from now on it may be used. */
export interface LaneOpen {
  readonly type: 'LANE_OPEN';
}

/**
 * On the first connection: a section begins here, and in the one before so many messages went by lanes. On a
 * lane: what follows is of that section.
 */
export interface Section {
  readonly type: 'SECTION';
  readonly section: number;
  /** On the first connection only. */
  readonly laneMessages?: number;
}

export type Message =
  | Hello
  | Welcome
  | Refuse
  | ExtentMessage
  | ZeroesMessage
  | CommitMessage
  | Durable
  | Abandon
  | HashesRequest
  | Hashes
  | Ping
  | Pong
  | ProbeMessage
  | Probed
  | Resend
  | LaneMessage
  | LaneOpen
  | Section;

export type MessageType = Message['type'];
