/**
 * How image tools on the replication server's machine get at disks: recovery points to read, and staging
 * disks to fill before the first sync. Disk bytes go over NBD, never through the service. Both stay open
 * while they are asked for again, with the same id, at least every two minutes. See `landfall-types.ts`.
 */
import type { RecoveryPointItem } from './landfall-recovery-point-types.ts';

export interface ImageOperations {
  readonly OpenExport: { readonly input: OpenExportRequest; readonly output: OpenExportResponse };
  readonly CloseExport: { readonly input: CloseExportRequest; readonly output: Record<string, never> };
  readonly OpenSeed: { readonly input: OpenSeedRequest; readonly output: OpenSeedResponse };
  /** A conflict tells what went wrong while it was open: then the images are to be imported again. */
  readonly CloseSeed: { readonly input: CloseSeedRequest; readonly output: Record<string, never> };
}

export interface OpenExportRequest {
  readonly sourceServerID: string;
  /** Chosen by the caller. */
  readonly exportID: string;
  /** `LATEST`, `VERIFIED`, an ISO time (the last point at or before it), or `epoch:N`. */
  readonly at: string;
}

export interface OpenExportResponse {
  readonly recoveryPoint: RecoveryPointItem;
  readonly disks: readonly NbdDisk[];
}

export interface NbdDisk {
  readonly diskID: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  /** On the replication server's machine, for root: `nbd+unix:///EXPORT?socket=PATH`. */
  readonly nbdURI: string;
}

export interface CloseExportRequest {
  readonly sourceServerID: string;
  readonly exportID: string;
}

export interface OpenSeedRequest {
  readonly sourceServerID: string;
  /** Chosen by the caller. */
  readonly seedID: string;
  /** It must be open already: nothing that was written is to be lost unnoticed. */
  readonly renews?: boolean | undefined;
}

export interface OpenSeedResponse {
  readonly disks: readonly NbdDisk[];
}

export interface CloseSeedRequest {
  readonly sourceServerID: string;
  readonly seedID: string;
}
