/** What image tools work on: a recovery point to read, or staging disks to fill, open while they do. */
import type { Landfall } from '@landfall/api';
import type { NbdDisk } from './image-format.ts';

export interface OpenExport {
  readonly server: string;
  readonly point: Landfall.RecoveryPointItem;
  readonly disks: readonly NbdDisk[];
}

export interface OpenSeed {
  readonly server: string;
  /** As large as the server's disks. */
  readonly disks: readonly NbdDisk[];
}

/** Where exports and seeds are: a replication server that runs, or the folder of a journal. */
export interface Transfers {
  /** Open until `action` has ended. */
  withExport<Result>(at: string, action: (opened: OpenExport) => Promise<Result>): Promise<Result>;
  /** Open until `action` has ended; then what was written is durable. */
  withSeed<Result>(action: (opened: OpenSeed) => Promise<Result>): Promise<Result>;
}
