/** Recovery points: listed, named and locked by the replication server that keeps them. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import type { MarkedRecoveryPoint } from '@landfall/channel';
import { forgetPin, isSamePoint, listVerifiedPoints } from '../boot-proofs/verified-points.ts';
import type { Service } from '../service.ts';
import { askProgram } from './ask-program.ts';
import { requireServer } from './change-source-server.ts';
import { requireTime } from './jobs.ts';
import { selectPoint } from './point-selector.ts';

const POINTS_DEFAULT = 100;

type Operations = Pick<
  Handlers<'landfall', Service>,
  'ListRecoveryPoints' | 'PinRecoveryPoint' | 'UnpinRecoveryPoint' | 'LockRecoveryPoint'
>;

export const recoveryPointOperations: Operations = {
  ListRecoveryPoints: async (input, service) => {
    const { sourceServerId, replicationServerId } = await requireServer(
      service.store.db,
      input.sourceServerID,
    );
    if (replicationServerId === null) return { items: [], total: 0 };
    const { fromDateTime, toDateTime, marked, maxResults = POINTS_DEFAULT } = input;
    const to = { role: 'replication-server', programId: replicationServerId } as const;
    const output = await askProgram(service, to, 'listRecoveryPoints', {
      sourceServerId,
      limit: maxResults,
      ...(marked === undefined ? {} : { marked }),
      ...(fromDateTime === undefined ? {} : { fromMs: requireTime('fromDateTime', fromDateTime) }),
      ...(toDateTime === undefined ? {} : { toMs: requireTime('toDateTime', toDateTime) }),
    });
    const verified = await listVerifiedPoints(service.store.db, sourceServerId);
    const isVerified = (point: MarkedRecoveryPoint) =>
      verified.some(({ recoveryPoint }) => isSamePoint(recoveryPoint, point));
    return {
      items: output.recoveryPoints.map((point) => ({
        ...itemOf(point),
        ...(isVerified(point) ? { verified: true } : {}),
      })),
      total: output.total,
      oldestDateTime: output.oldest === undefined ? undefined : isoDateTime(output.oldest.cutTimeMs),
      newestDateTime: output.newest === undefined ? undefined : isoDateTime(output.newest.cutTimeMs),
    };
  },

  PinRecoveryPoint: async ({ sourceServerID, at, name }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    const keeper = { sourceServerId, replicationServerId: to.programId };
    const selected = { sourceServerId, at: await selectPoint(service, keeper, at) };
    const { epoch } = await askProgram(service, to, 'resolveRecoveryPoint', selected);
    const pinned = await askProgram(service, to, 'pinRecoveryPoint', { sourceServerId, epoch, name });
    return { recoveryPoint: itemOf(pinned) };
  },

  UnpinRecoveryPoint: async ({ sourceServerID, epoch }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    const unpinned = await askProgram(service, to, 'unpinRecoveryPoint', { sourceServerId, epoch });
    await forgetPin(service, sourceServerId, epoch);
    return unpinned;
  },

  LockRecoveryPoint: async ({ sourceServerID, at, untilDateTime }, service) => {
    const untilMs = requireTime('untilDateTime', untilDateTime);
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    const keeper = { sourceServerId, replicationServerId: to.programId };
    const selected = { sourceServerId, at: await selectPoint(service, keeper, at) };
    const { epoch } = await askProgram(service, to, 'resolveRecoveryPoint', selected);
    const locked = await askProgram(service, to, 'lockRecoveryPoint', { sourceServerId, epoch, untilMs });
    return { recoveryPoint: itemOf(locked) };
  },
};

/** The replication server of a source server. Errors: ConflictException when it has none. */
export async function keeperOf(service: Service, sourceServerID: string) {
  const { sourceServerId, replicationServerId } = await requireServer(service.store.db, sourceServerID);
  if (replicationServerId !== null)
    return { sourceServerId, to: { role: 'replication-server', programId: replicationServerId } as const };
  throw ApiError.conflict(`${sourceServerId} has no recovery points: no replication server keeps it`, {
    resourceId: sourceServerId,
    resourceType: 'source-server',
  });
}

export function itemOf({
  epoch,
  cutTimeMs,
  consistency,
  name,
  lockedUntilMs,
}: MarkedRecoveryPoint): Landfall.RecoveryPointItem {
  return {
    epoch,
    cutDateTime: isoDateTime(cutTimeMs),
    consistency,
    ...(name === undefined ? {} : { name }),
    ...(lockedUntilMs === undefined ? {} : { lockedUntilDateTime: isoDateTime(lockedUntilMs) }),
  };
}
