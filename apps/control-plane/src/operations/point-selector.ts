/** Which recovery point a caller means. */
import { ApiError, parseIsoDateTime } from '@landfall/api';
import type { PointSelector } from '@landfall/model';
import { isSamePoint, listVerifiedPoints } from '../boot-proofs/verified-points.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { askProgram, isAway } from './ask-program.ts';

type Keeper = Pick<SourceServerRecord, 'sourceServerId' | 'replicationServerId'>;

/** `LATEST`, `VERIFIED`, an ISO time, or `epoch:N`. Errors: ConflictException when none is verified. */
export async function selectPoint(service: Service, server: Keeper, at = 'LATEST'): Promise<PointSelector> {
  if (at !== 'VERIFIED') return pointSelector(at);
  const epoch = await newestVerified(service, server);
  if (epoch !== undefined) return { kind: 'EPOCH', epoch };
  const { sourceServerId } = server;
  throw ApiError.conflict(
    `no recovery point of ${sourceServerId} is known to boot; \`landfall boot-proof start\` proves one`,
    { resourceId: sourceServerId, resourceType: 'source-server' },
  );
}

function pointSelector(at: string): PointSelector {
  if (at === 'LATEST') return { kind: 'LATEST' };
  const epoch = /^epoch:([0-9]{1,15})$/.exec(at)?.[1];
  if (epoch !== undefined) return { kind: 'EPOCH', epoch: Number(epoch) };
  const timeMs = parseIsoDateTime(at);
  if (timeMs !== undefined) return { kind: 'TIME', timeMs };
  throw ApiError.validation(
    'at is neither LATEST, nor VERIFIED, nor a time like 2026-01-31T12:00:00Z, nor epoch:N.',
    { reason: 'fieldValidationFailed', fieldList: [{ name: 'at', message: 'is no recovery point' }] },
  );
}

/** Some that were verified may be gone, or the replica may have begun anew. */
async function newestVerified(
  service: Service,
  { sourceServerId, replicationServerId }: Keeper,
): Promise<number | undefined> {
  if (replicationServerId === null) return undefined;
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  for (const { recoveryPoint } of await listVerifiedPoints(service.store.db, sourceServerId)) {
    const { epoch } = recoveryPoint;
    try {
      const at = { kind: 'EPOCH', epoch } as const;
      const found = await askProgram(service, to, 'resolveRecoveryPoint', { sourceServerId, at });
      if (isSamePoint(found, recoveryPoint)) return epoch;
    } catch (error) {
      if (!(error instanceof ApiError) || isAway(error)) throw error;
      service.log.info('verified-point-gone', { sourceServerId, epoch });
    }
  }
  return undefined;
}
