/** What a journal is opened with: found on the storage, or made anew. */
import type { Logger, Sha256 } from '@landfall/runtime';
import type { RetentionSettings } from '../compaction/maintenance.ts';
import type { GroupDisk } from '../documents/manifest.ts';
import type { DataKeys } from '../encryption/data-keys.ts';
import type { PointsLedger } from '../points/points-ledger.ts';
import type { RecoveryPointList } from '../points/recovery-points.ts';
import type { StagingSpace } from '../space/staging-space.ts';
import type { JournalFiles } from '../storage/journal-files.ts';
import type { DiskContext, DiskJournal } from './disk-journal.ts';

export interface JournalGroupState {
  readonly journalId: string;
  readonly files: JournalFiles;
  readonly logger: Logger;
  readonly disks: readonly DiskJournal[];
  readonly points: RecoveryPointList;
  readonly ledger: PointsLedger;
  readonly retention: RetentionSettings;
  readonly segmentBytes: number;
  readonly reserveBytes: number;
  readonly staging: StagingSpace;
  readonly sha256: Sha256;
  readonly newContext: (diskIndex: number, disk: GroupDisk) => DiskContext;
  readonly releaseLock: () => Promise<void>;
  readonly keys?: DataKeys;
}
