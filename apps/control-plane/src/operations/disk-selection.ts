/**
 * SetDiskReplication: go on without one disk of a server, or with it again. Recovery points that have the
 * disk keep it. Its agent hears of it with the answer to its next report.
 */
import { ApiError, type Handlers } from '@landfall/api';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { changeFreeServer } from './change-source-server.ts';

export const diskSelectionOperations: Pick<Handlers<'landfall', Service>, 'SetDiskReplication'> = {
  SetDiskReplication: async ({ sourceServerID, diskID, replicate }, service) => {
    let excludedDiskIDs: readonly string[] = [];
    await changeFreeServer(service, sourceServerID, (server) => {
      const next = replicate ? withDisk(server, diskID) : withoutDisk(server, diskID);
      excludedDiskIDs = next.excludedDiskIds ?? [];
      return next;
    });
    return { excludedDiskIDs };
  },
};

function withDisk(server: SourceServerRecord, diskId: string): SourceServerRecord {
  const { excludedDiskIds = [], disks } = server;
  const isKnown = excludedDiskIds.includes(diskId) || disks.some((disk) => disk.diskId === diskId);
  if (!isKnown) throw noSuchDisk(server, diskId);
  return { ...server, excludedDiskIds: excludedDiskIds.filter((other) => other !== diskId) };
}

function withoutDisk(server: SourceServerRecord, diskId: string): SourceServerRecord {
  const { excludedDiskIds = [], disks } = server;
  if (excludedDiskIds.includes(diskId)) return server;
  const disk = disks.find((one) => one.diskId === diskId);
  if (disk === undefined) throw noSuchDisk(server, diskId);
  if (disk.isBootDisk) {
    throw ApiError.validation(
      `${diskId} is the boot disk of ${server.sourceServerId}: nothing starts without it.`,
    );
  }
  return { ...server, excludedDiskIds: [...excludedDiskIds, diskId] };
}

function noSuchDisk({ sourceServerId, disks }: SourceServerRecord, diskId: string): ApiError {
  const names = disks.map((disk) => `${disk.diskId} (${disk.deviceName})`).join(', ');
  return ApiError.validation(`${sourceServerId} has no disk ${diskId}; it has ${names}.`);
}
