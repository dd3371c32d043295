/** What a journal is opened with: found on the storage, or made anew. */
import type { Logger, Sha256 } from '@landfall/runtime';
import type { DataKeys } from './data-keys.ts';
import type { DiskContext, DiskJournal } from './disk-journal.ts';
import type { JournalFiles } from './journal-files.ts';
import type { RetentionSettings } from './maintenance.ts';
import type { GroupDisk } from './manifest.ts';
import type { PointsLedger } from './points-ledger.ts';
import type { RecoveryPointList } from './recovery-points.ts';
import type { StagingSpace } from './staging-space.ts';

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
