/** Proofs of equality in the `landfall` service. The signed file: `proof-document.ts`. */

export interface ProofOperations {
  /** The one that is under way, should there be one. */
  readonly StartProof: { readonly input: StartProofRequest; readonly output: StartProofResponse };
  readonly ListProofs: { readonly input: ListProofsRequest; readonly output: ListProofsResponse };
  readonly GetProof: { readonly input: GetProofRequest; readonly output: GetProofResponse };
  readonly UpdateProofSchedule: {
    readonly input: UpdateProofScheduleRequest;
    readonly output: UpdateProofScheduleResponse;
  };
}

export interface StartProofRequest {
  readonly sourceServerID: string;
}

export interface StartProofResponse {
  readonly proof: ProofItem;
}

export interface ListProofsRequest {
  readonly sourceServerID: string;
}

export interface ListProofsResponse {
  /** Newest first. */
  readonly items: readonly ProofItem[];
  /** From one proof to the next that begins by itself; 0: none does. */
  readonly intervalHours: number;
  readonly nextDateTime?: string | undefined;
}

export interface GetProofRequest {
  readonly proofID: string;
}

export interface GetProofResponse {
  readonly proof: ProofItem;
  /** The signed file, when COMPLETE. */
  readonly report?: string | undefined;
}

export interface UpdateProofScheduleRequest {
  readonly sourceServerID: string;
  /** 0: only when asked for. */
  readonly intervalHours: number;
}

export interface UpdateProofScheduleResponse {
  readonly intervalHours: number;
}

export type ProofState = 'RUNNING' | 'COMPLETE' | 'FAILED';
export type ProofTrigger = 'REQUESTED' | 'SCHEDULED';
/** REPAIRED: a difference or damage was found, and mended. */
export type ProofVerdict = 'EQUAL' | 'REPAIRED';

export interface ProofItem {
  readonly proofID: string;
  readonly sourceServerID: string;
  readonly state: ProofState;
  readonly trigger: ProofTrigger;
  readonly createdDateTime: string;
  readonly endedDateTime?: string | undefined;
  /** Why it FAILED. */
  readonly reason?: string | undefined;
  readonly verdict?: ProofVerdict | undefined;
  /** Chunks of 1 MiB that differed, and no write explains it. */
  readonly differences: number;
  /** Chunks that the replica could not read. */
  readonly damaged?: number | undefined;
  /** Chunks with bytes that no file system used, and that were not replicated before. */
  readonly leftOut?: number | undefined;
  readonly chunksDone?: number | undefined;
  readonly chunksTotal?: number | undefined;
}
