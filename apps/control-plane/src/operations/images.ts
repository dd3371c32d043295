/**
 * OpenExport, CloseExport, OpenSeed, CloseSeed: disks for image tools on the replication server's machine.
 * What an id means there is this server's own: an export of one server is not another's, nor a launch's.
 */
import type { Handlers, Landfall } from '@landfall/api';
import type { MachineDisk } from '@landfall/channel';
import type { Service } from '../service.ts';
import { askProgram } from './ask-program.ts';
import { selectPoint } from './point-selector.ts';
import { itemOf, keeperOf } from './recovery-points.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  'OpenExport' | 'CloseExport' | 'OpenSeed' | 'CloseSeed'
>;

/** Whoever opened one says at least so often that it is still wanted. */
const LEASE_MS = 120_000;

export const imageOperations: Operations = {
  OpenExport: async ({ sourceServerID, exportID, at }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    const keeper = { sourceServerId, replicationServerId: to.programId };
    const selected = { sourceServerId, at: await selectPoint(service, keeper, at) };
    const point = await askProgram(service, to, 'resolveRecoveryPoint', selected);
    const exportId = exportIdOf(sourceServerId, exportID);
    const record = { exportId, sourceServerId, epoch: point.epoch, leaseMs: LEASE_MS };
    const { disks } = await askProgram(service, to, 'openExport', record);
    return { recoveryPoint: itemOf(point), disks: disks.map(nbdDisk) };
  },

  CloseExport: async ({ sourceServerID, exportID }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    return askProgram(service, to, 'closeExport', { exportId: exportIdOf(sourceServerId, exportID) });
  },

  OpenSeed: async ({ sourceServerID, seedID: seedId, renews = false }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    const request = { seedId, sourceServerId, leaseMs: LEASE_MS, renews };
    const { disks } = await askProgram(service, to, 'openSeed', request);
    return { disks: disks.map(nbdDisk) };
  },

  CloseSeed: async ({ sourceServerID, seedID: seedId }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    return askProgram(service, to, 'closeSeed', { seedId, sourceServerId });
  },
};

function exportIdOf(sourceServerId: string, exportID: string): string {
  return `image-${sourceServerId}-${exportID}`;
}

function nbdDisk({ diskId, deviceName, sizeBytes, nbdUri }: MachineDisk): Landfall.NbdDisk {
  return { diskID: diskId, deviceName, sizeBytes, nbdURI: nbdUri };
}
