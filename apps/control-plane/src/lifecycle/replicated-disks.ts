/** The disks of a server in the words of its replication configuration, kept as they come and go. */
import type { SourceDisk } from '@landfall/model';
import type { ReplicationSettings } from './source-server.ts';

type ReplicatedDisks = NonNullable<ReplicationSettings['replicatedDisks']>;

/** What was set for a disk that is still there stays set. */
export function replicatedDisks(disks: readonly SourceDisk[], before: ReplicatedDisks = []): ReplicatedDisks {
  const known = new Map(before.map((disk) => [disk.deviceName, disk]));
  return disks.map(
    ({ deviceName, isBootDisk }) =>
      known.get(deviceName) ?? { deviceName, isBootDisk, stagingDiskType: 'AUTO' },
  );
}
