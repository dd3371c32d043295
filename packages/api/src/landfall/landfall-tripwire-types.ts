/** What the `landfall` service tells of what may be encrypting a server's files; see `landfall-types.ts`. */

export interface TripwireOperations {
  readonly AcknowledgeTripwire: {
    readonly input: AcknowledgeTripwireRequest;
    readonly output: AcknowledgeTripwireResponse;
  };
}

export interface AcknowledgeTripwireRequest {
  readonly sourceServerID: string;
  /** It was no attack, and its volume is usual for this server. */
  readonly expected?: boolean | undefined;
}

export interface AcknowledgeTripwireResponse {
  readonly tripwire: Tripwire;
}

export interface Tripwire {
  /** The newest 16, oldest first. */
  readonly suspicions: readonly Suspicion[];
}

export interface Suspicion {
  readonly code: 'RANSOMWARE_SUSPECTED';
  readonly detectedDateTime: string;
  /** Of the first change that may belong to it. */
  readonly beganDateTime: string;
  /** What was readable and is noise now; estimated. */
  readonly convertedBytes: number;
  readonly diskIDs: readonly string[];
  /** The recovery point before it, which stays until it is unpinned. */
  readonly pinnedEpoch?: number | undefined;
  readonly lastSeenDateTime: string;
  readonly endedDateTime?: string | undefined;
  readonly acknowledgedDateTime?: string | undefined;
}
