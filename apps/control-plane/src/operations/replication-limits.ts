/** UpdateReplicationLimits: caps by the time of day, and the impact budget on the source. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import { capAt, nextCapChange, scheduleFault } from '@landfall/model';
import { assert } from '@landfall/runtime';
import type { ReplicationLimits, SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { changeServer } from '../store/source-servers.ts';
import { requireServer } from './change-source-server.ts';
import { requireRevision, revisionOf } from './revision.ts';

export const replicationLimitOperations: Pick<Handlers<'landfall', Service>, 'UpdateReplicationLimits'> = {
  UpdateReplicationLimits: async ({ sourceServerID, expectedRevision, ...change }, { store, clock }) => {
    const { bandwidthSchedule } = change;
    const fault = bandwidthSchedule === undefined ? undefined : scheduleFault(bandwidthSchedule);
    if (fault !== undefined) throw ApiError.validation(`bandwidthSchedule: ${fault}.`);
    const server = await store.transaction(async (tx) => {
      const before = await requireServer(tx, sourceServerID);
      const [stored, wanted] = [before, withLimits(before, change)].map(settingsOf);
      requireRevision({
        ...{ stored, wanted, expectedRevision },
        ...{ resourceId: sourceServerID, resourceType: 'Replication limits' },
      });
      const changed = await changeServer(tx, sourceServerID, (current) => withLimits(current, change));
      assert(changed !== undefined, 'S2: what was found in the transaction is still there');
      return changed;
    });
    return { limits: showLimits(server, clock.nowMs()) };
  },
};

type LimitsChange = Omit<Landfall.UpdateReplicationLimitsRequest, 'sourceServerID' | 'expectedRevision'>;

function withLimits(server: SourceServerRecord, change: LimitsChange): SourceServerRecord {
  const { replicationConfiguration, replicationLimits = {} } = server;
  const { bandwidthMbps: bandwidthThrottling = replicationConfiguration.bandwidthThrottling } = change;
  return {
    ...server,
    replicationConfiguration: { ...replicationConfiguration, bandwidthThrottling },
    replicationLimits: changedLimits(replicationLimits, change),
  };
}

/** What a revision of the limits is of. */
function settingsOf({ replicationConfiguration, replicationLimits = {} }: SourceServerRecord) {
  const { bandwidthSchedule, impactBudgetPercent } = replicationLimits;
  return [replicationConfiguration.bandwidthThrottling, bandwidthSchedule, impactBudgetPercent];
}

function changedLimits(
  { bandwidthSchedule: current, impactBudgetPercent: percent }: ReplicationLimits,
  change: LimitsChange,
): ReplicationLimits {
  const { bandwidthSchedule = current, impactBudgetPercent = percent } = change;
  const hasWindows = bandwidthSchedule !== undefined && bandwidthSchedule.windows.length > 0;
  return {
    ...(hasWindows ? { bandwidthSchedule } : {}),
    ...(impactBudgetPercent === undefined ? {} : { impactBudgetPercent }),
  };
}

export function showLimits(server: SourceServerRecord, nowMs: number): Landfall.ReplicationLimits {
  const { bandwidthSchedule, impactBudgetPercent } = server.replicationLimits ?? {};
  const bandwidthMbps = server.replicationConfiguration.bandwidthThrottling;
  const change = nextCapChange(bandwidthSchedule, nowMs, bandwidthMbps);
  return {
    bandwidthMbps,
    currentMbps: capAt(bandwidthSchedule, nowMs, bandwidthMbps),
    nextChange:
      change === undefined ? undefined : { atDateTime: isoDateTime(change.atMs), mbps: change.mbps },
    bandwidthSchedule,
    impactBudgetPercent,
    revision: revisionOf(settingsOf(server)),
  };
}
