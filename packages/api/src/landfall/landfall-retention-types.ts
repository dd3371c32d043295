/** Which recovery points are kept, and what a change would drop; see `landfall-types.ts`. */
export interface RetentionOperations {
  readonly GetRetention: { readonly input: GetRetentionRequest; readonly output: Retention };
  readonly PutRetention: { readonly input: PutRetentionRequest; readonly output: Retention };
  readonly PreviewRetention: {
    readonly input: PreviewRetentionRequest;
    readonly output: PreviewRetentionResponse;
  };
}

export interface RetentionTier {
  /** One recovery point of so many milliseconds; 0: every point. */
  readonly everyMs: number;
  /** Until points are so old, counted from the newest one. */
  readonly forMs: number;
}

/**
 * Who says it, the strongest first: put for this server, the file of its replication server of this server,
 * put as the default, the default of the file, and what is built in.
 */
export type RetentionOrigin = 'SERVER' | 'SERVER_FILE' | 'DEFAULT' | 'DEFAULT_FILE' | 'BUILT_IN';

export interface GetRetentionRequest {
  /** Absent: the default of all servers. */
  readonly sourceServerID?: string | undefined;
}

export interface Retention {
  readonly sourceServerID?: string | undefined;
  readonly origin: RetentionOrigin;
  /** The finest first. */
  readonly tiers: readonly RetentionTier[];
  /** With a server: its replication server keeps its points by them already. */
  readonly isApplied?: boolean | undefined;
  /** Of what was put here; `none`: nothing was, and `origin` says what holds. */
  readonly revision: string;
}

export interface PutRetentionRequest {
  /** Absent: the default of all servers. */
  readonly sourceServerID?: string | undefined;
  /** Absent: what was put is taken away, and what comes next in `RetentionOrigin` holds. */
  readonly tiers?: readonly RetentionTier[] | undefined;
  /** Of what was read. ConflictException when it is another by now; absent: whatever is there is replaced. */
  readonly expectedRevision?: string | undefined;
}

/** As `PutRetention`, which it does not do. */
export interface PreviewRetentionRequest {
  readonly sourceServerID?: string | undefined;
  readonly tiers?: readonly RetentionTier[] | undefined;
}

export interface PreviewRetentionResponse {
  /** Those that would lose points, most first; 100 at most. */
  readonly items: readonly RetentionPreviewItem[];
  /** Of these and all others that it would hold for. */
  readonly servers: number;
  readonly points: number;
  readonly droppedPoints: number;
  readonly droppingServers: number;
  /** Whose replication server did not answer: nobody knows what they would lose. 100 at most. */
  readonly unansweredServerIDs: readonly string[];
}

export interface RetentionPreviewItem {
  readonly sourceServerID: string;
  /** Those that stay as things are. */
  readonly points: number;
  /** Of them, those that would go. */
  readonly droppedPoints: number;
  readonly oldestDateTime?: string | undefined;
  /** The oldest there would be afterwards. */
  readonly oldestKeptDateTime?: string | undefined;
}
