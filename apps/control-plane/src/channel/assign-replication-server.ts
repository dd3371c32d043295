/** Which replication server takes a new source server: the one with the fewest disks that still has room. */
import { OperationError } from '@landfall/runtime';
import { listPrograms } from '../store/programs.ts';
import type { Queries } from '../store/schema.ts';
import { countDisksByHome } from '../store/source-servers.ts';

export const DISKS_PER_REPLICATION_SERVER_MAX = 15;

/**
 * A server with more disks than that gets an empty replication server for itself; `null`: none has room now.
 */
export async function chooseReplicationServer(db: Queries, disks: number): Promise<string | null> {
  const programs = await listPrograms(db, 'replication-server');
  const disksByHome = await countDisksByHome(db);
  const [best] = programs
    .map(({ programId }) => ({ programId, disks: disksByHome.get(programId) ?? 0 }))
    .filter((load) => load.disks === 0 || load.disks + disks <= DISKS_PER_REPLICATION_SERVER_MAX)
    .toSorted((left, right) => left.disks - right.disks);
  return best?.programId ?? null;
}

/** One replication server takes at most 60 disks of one server: the API's own limit. */
export function checkDiskCount(disks: number): void {
  if (disks > 0 && disks <= 60) return;
  throw new OperationError('DISKS_UNSUPPORTED', `a source server has 1 to 60 disks, this one says ${disks}`, {
    hint: 'check what disks the agent found with `landfall-agent status`',
  });
}
