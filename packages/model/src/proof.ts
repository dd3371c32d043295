/**
 * Proof of equality: the source hashes its disks against the replica while both keep working.
 *
 * What a complete proof says: for every chunk of 1 MiB of every disk there is a recovery point E, from the
 * first to the last of the proof, at which the replica's bytes of the chunk, read from the journal and
 * verified, and the source's at the cut of E have the same SHA-256, the chunk's leaf in the hash tree.
 * Differences that were met on the way are named; they were sent again, and the chunk compared again.
 */
import type { RecoveryPoint } from './recovery-point.ts';

/**
 * DIFFERENT: the replica held other bytes than the source, and no write explains it: a fault of software or
 * hardware. DAMAGED: the replica could not read its bytes, and had said so. LEFT_OUT: the bytes may have been
 * left out of an earlier copy because no file system used them; they are replicated now.
 */
export const DIFFERENCE_KINDS = ['DIFFERENT', 'DAMAGED', 'LEFT_OUT'] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

export interface ProofDifference {
  readonly kind: DifferenceKind;
  readonly diskId: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** The recovery point that was compared. */
  readonly epoch: number;
}

export interface ProvedDisk {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly chunks: number;
  /** Root of the hash tree, hexadecimal. */
  readonly rootSha256: string;
  /** Written again after they were compared: at the last point they hold something newer. */
  readonly chunksChangedSince: number;
  /** Written so often that they were sent whole at a cut, and compared as they were at it. */
  readonly chunksSentWhole: number;
}

export interface ProofResult {
  readonly journalId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly first: RecoveryPoint;
  readonly last: RecoveryPoint;
  readonly disks: readonly ProvedDisk[];
  /** By kind. */
  readonly differenceCounts: Readonly<Record<DifferenceKind, number>>;
  /** The first DIFFERENCES_KEPT_MAX. */
  readonly differences: readonly ProofDifference[];
}

export const DIFFERENCES_KEPT_MAX = 256;

/** FAILED: `reason` says why; nothing is claimed. */
export const PROOF_STATES = ['RUNNING', 'COMPLETE', 'FAILED'] as const;
export type ProofState = (typeof PROOF_STATES)[number];

export interface ProofFacts {
  readonly proofId: string;
  readonly state: ProofState;
  readonly reason?: string;
  readonly chunksDone: number;
  readonly chunksTotal: number;
  readonly differenceCounts: Readonly<Record<DifferenceKind, number>>;
  /** When COMPLETE. */
  readonly result?: ProofResult;
}

/** What an agent is told to prove; another id is another proof. */
export interface ProofRequest {
  readonly proofId: string;
}
