import type { ReadableBlockDevice } from '@landfall/block';
import type { RecoveryPoint } from '@landfall/model';

/** All disks of a server at one recovery point, read-only. It must be closed. */
export interface JournalView {
  readonly point: RecoveryPoint;
  /** By disk index. One that the server did not have then has size 0. */
  readonly disks: readonly ReadableBlockDevice[];
  close(): Promise<void>;
}
