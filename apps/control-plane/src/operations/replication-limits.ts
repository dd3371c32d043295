/** UpdateReplicationLimits: caps by the time of day, and the impact budget on the source. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import { capAt, nextCapChange, scheduleFault } from '@landfall/model';
import { assert } from '@landfall/runtime';
import type { ReplicationLimits, SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { changeServer } from '../store/source-servers.ts';
import { requireServer } from './change-source-server.ts';

export const replicationLimitOperations: Pick<Handlers<'landfall', Service>, 'UpdateReplicationLimits'> = {
  UpdateReplicationLimits: async ({ sourceServerID, ...change }, { store, clock }) => {
    const { bandwidthSchedule } = change;
    const fault = bandwidthSchedule === undefined ? undefined : scheduleFault(bandwidthSchedule);
    if (fault !== undefined) throw ApiError.validation(`bandwidthSchedule: ${fault}.`);
    const server = await store.transaction(async (tx) => {
      await requireServer(tx, sourceServerID);
      const changed = await changeServer(tx, sourceServerID, (current) => ({
        ...current,
        replicationLimits: changedLimits(current.replicationLimits ?? {}, change),
      }));
      assert(changed !== undefined, 'S2: what was found in the transaction is still there');
      return changed;
    });
    return { limits: showLimits(server, clock.nowMs()) };
  },
};

function changedLimits(
  { bandwidthSchedule: current, impactBudgetPercent: percent }: ReplicationLimits,
  change: Omit<Landfall.UpdateReplicationLimitsRequest, 'sourceServerID'>,
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
  };
}
