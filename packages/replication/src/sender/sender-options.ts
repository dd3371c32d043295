/** What a sender is given, what it can do, and what it says of itself. */
import type { Churn, EpochSource, ReplicaDebt } from '@landfall/capture';
import type {
  DataReplicationErrorString,
  DataReplicationState,
  DiskReplication,
  Forecast,
  ProofFacts,
  ProofRequest,
  RecoveryPoint,
} from '@landfall/model';
import type { Backoff, Clock, Logger, Random, Sha256 } from '@landfall/runtime';
import type { Link } from '@landfall/wire';
import type { ReplicaPosition } from '../epoch-ledger.ts';
import type { LanePick } from '../lanes/laned-link.ts';

export interface SenderLimits {
  /** Taken from the source at once in bulk; two such batches may be in memory. */
  readonly bulkBytes: number;
  /** A cut is asked for when at most this is dirty. */
  readonly cutDirtyBytesMax: number;
  /** Epochs sent and not acknowledged. */
  readonly epochsInFlightMax: number;
}

export const DEFAULT_LIMITS: SenderLimits = {
  bulkBytes: 8 * 1024 * 1024,
  cutDirtyBytesMax: 16 * 1024 * 1024,
  epochsInFlightMax: 16,
};

export const EPOCH_INTERVAL_MS_DEFAULT = 100;

export interface SenderOptions {
  readonly source: EpochSource;
  /**
   * Dials the replication server; called again, with back-off, whenever the connection is lost. `lane`: 0 for
   * the first connection of a session, 1, 2 … for those besides it.
   */
  readonly connect: (signal: AbortSignal, lane: number) => Promise<Link>;
  /** Connections of a session, if the server takes as many. Default 1. */
  readonly streams?: number;
  /** Default: the one with the least waiting. */
  readonly pickLane?: LanePick;
  readonly sourceServerId: string;
  readonly agentVersion: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly epochIntervalMs?: number;
  /** Bytes a second; 0 or absent: no cap. */
  readonly bandwidth?: number;
  /** How fast the source changes; without it there is no forecast. */
  readonly churn?: () => Churn;
  /**
   * What an earlier process knew, only if the source's dirty map has all that changed since, and all that
   * was not acknowledged then. The replica may be further on.
   */
  readonly previous?: ReplicaPosition;
  readonly limits?: Partial<SenderLimits>;
  /** Hashes chunks for a rescan; default: on the calling thread. */
  readonly sha256?: Sha256;
  readonly connectBackoff?: Backoff;
  readonly sourceBackoff?: Backoff;
  /** Of the delays between attempts. */
  readonly random?: Random;
}

export interface SenderError {
  readonly error: DataReplicationErrorString;
  readonly code: string;
  /** One line for a person: code, message and what to do. */
  readonly rawError: string;
}

export interface SenderStatus {
  readonly state: DataReplicationState;
  readonly error?: SenderError;
  readonly disks: readonly DiskReplication[];
  /** Age of the newest durable state of the source; null until there is one. */
  readonly lagMs: number | null;
  readonly lagP50Ms: number | null;
  readonly lagP99Ms: number | null;
  /** Until replication has caught up, P50; 0 when it has, null when it cannot be said. */
  readonly etaMs: number | null;
  /** While something is transferred and churn is measured. */
  readonly forecast?: Forecast;
  readonly lastEpoch: number;
  readonly journalId: string | null;
  readonly connected: boolean;
  readonly bytesRead: number;
  readonly bytesSent: number;
  readonly firstSyncDurationMs: number | null;
  /** While one is wanted. */
  readonly proof?: ProofFacts;
}

export interface Sender {
  /** Replicates until the signal is aborted; rejects only for a programmer error. To be called once. */
  run(signal: AbortSignal): Promise<void>;
  status(): SenderStatus;
  /**
   * Resolves when a cut not older than this call is durable, forcing an epoch if there is nothing to send.
   * Errors: REPLICATION_PAUSED, REPLICATION_STOPPED, RECOVERY_POINTS_BUSY.
   */
  takeRecoveryPoint(): Promise<RecoveryPoint>;
  /**
   * Of this moment, to be read at once; `undefined` while the replica is not known to be equal but for what
   * is dirty: before and during a first copy or a comparison, and after a doubt.
   */
  debt(): ReplicaDebt | undefined;
  /**
   * Proves that the replica is equal to the source, beside replication; `status` says how far it is. The same
   * id again changes nothing; without a request the proof ends.
   */
  setProof(request: ProofRequest | undefined): void;
  /** Bytes a second; 0: no cap. */
  setBandwidth(bytesPerSecond: number): void;
  setEpochInterval(intervalMs: number): void;
  pause(): void;
  resume(): void;
}
