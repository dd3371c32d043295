/** How far what is being transferred has come. Pure. */
import type { Mgn } from '@landfall/api/types';

const TRANSFERRING: readonly (Mgn.DataReplicationState | undefined)[] = [
  'INITIATING',
  'INITIAL_SYNC',
  'BACKLOG',
  'CREATING_SNAPSHOT',
  'RESCAN',
];

/** `undefined`: its disks are not known. */
export function syncedShare(info: Mgn.DataReplicationInfo | undefined): number | undefined {
  const disks = info?.replicatedDisks ?? [];
  const total = disks.reduce((sum, disk) => sum + (disk.totalStorageBytes ?? 0), 0);
  const done = disks.reduce((sum, disk) => sum + (disk.replicatedStorageBytes ?? 0), 0);
  return total === 0 ? undefined : done / total;
}

/** Only while there is something to wait for: of a server that has caught up the service says "now". */
export function etaOf(info: Mgn.DataReplicationInfo | undefined): string | undefined {
  return TRANSFERRING.includes(info?.dataReplicationState) ? info?.etaDateTime : undefined;
}
