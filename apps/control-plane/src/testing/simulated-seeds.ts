/** Staging disks filled from images, as a simulated replication server gives them: one seed a server. */
import type { CommandHandlers } from '@landfall/channel';
import type { SourceDisk } from '@landfall/model';
import { OperationError } from '@landfall/runtime';

export function simulatedSeeds(
  disks: readonly SourceDisk[],
): Pick<CommandHandlers<'replication-server'>, 'openSeed' | 'closeSeed'> {
  const open = new Map<string, string>();
  return {
    openSeed: async ({ seedId, sourceServerId, renews }) => {
      const other = open.get(sourceServerId) ?? seedId;
      if (other !== seedId) throw new OperationError('SEED_OPEN', 'it is being filled from another image');
      if (renews === true && !open.has(sourceServerId)) throw notOpen();
      open.set(sourceServerId, seedId);
      const nbdUri = (diskId: string) => `nbd+unix:///${sourceServerId}/${diskId}%40seed?socket=/run/nbd`;
      return { disks: disks.map((disk) => ({ ...disk, nbdUri: nbdUri(disk.diskId) })) };
    },
    closeSeed: async ({ seedId, sourceServerId }) => {
      if (open.get(sourceServerId) !== seedId) throw notOpen();
      open.delete(sourceServerId);
      return {};
    },
  };
}

function notOpen(): OperationError {
  return new OperationError('SEED_ENDED', 'it is not open');
}
