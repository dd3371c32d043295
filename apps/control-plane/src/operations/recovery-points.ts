/** ListRecoveryPoints: asked of the replication server that keeps them. */
import { type Handlers, isoDateTime } from '@landfall/api';
import type { Service } from '../service.ts';
import { askProgram } from './ask-program.ts';
import { requireServer } from './change-source-server.ts';
import { requireTime } from './jobs.ts';

const POINTS_DEFAULT = 100;

export const recoveryPointOperations: Pick<Handlers<'landfall', Service>, 'ListRecoveryPoints'> = {
  ListRecoveryPoints: async (input, service) => {
    const { sourceServerId, replicationServerId } = await requireServer(
      service.store.db,
      input.sourceServerID,
    );
    if (replicationServerId === null) return { items: [], total: 0 };
    const { fromDateTime, toDateTime, maxResults = POINTS_DEFAULT } = input;
    const to = { role: 'replication-server', programId: replicationServerId } as const;
    const output = await askProgram(service, to, 'listRecoveryPoints', {
      sourceServerId,
      limit: maxResults,
      ...(fromDateTime === undefined ? {} : { fromMs: requireTime('fromDateTime', fromDateTime) }),
      ...(toDateTime === undefined ? {} : { toMs: requireTime('toDateTime', toDateTime) }),
    });
    return {
      items: output.recoveryPoints.map(({ epoch, cutTimeMs, consistency }) => ({
        epoch,
        cutDateTime: isoDateTime(cutTimeMs),
        consistency,
      })),
      total: output.total,
      oldestDateTime: output.oldest === undefined ? undefined : isoDateTime(output.oldest.cutTimeMs),
      newestDateTime: output.newest === undefined ? undefined : isoDateTime(output.newest.cutTimeMs),
    };
  },
};
