/** StartPreflight, DescribePreflight. */
import { type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import { isReplicating } from '../channel/observe-replication.ts';
import { beginPreflight } from '../preflights/begin-preflight.ts';
import type { Service } from '../service.ts';
import { findPreflight, type PreflightRecord, type PreflightReport } from '../store/preflights.ts';
import { conflict, requireServer } from './change-source-server.ts';
import { selectPoint } from './point-selector.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'StartPreflight' | 'DescribePreflight'>;

export const preflightOperations: Operations = {
  StartPreflight: async ({ sourceServerID, at }, service) => {
    const selector = await selectPoint(service, await requireServer(service.store.db, sourceServerID), at);
    const preflight = await service.store.transaction(async (tx) => {
      const server = await requireServer(tx, sourceServerID);
      if (!isReplicating(server)) throw conflict(server, 'it is not replicated');
      const wish = { sourceServerId: sourceServerID, trigger: 'REQUESTED', at: selector } as const;
      const begun = await beginPreflight(service, tx, wish);
      if (begun === undefined) throw conflict(server, 'another point of it is being inspected');
      return begun;
    });
    return { preflight: showPreflight(preflight) };
  },

  DescribePreflight: async ({ sourceServerID }, { store }) => {
    await requireServer(store.db, sourceServerID);
    const preflight = await findPreflight(store.db, sourceServerID);
    return preflight === undefined ? {} : { preflight: showPreflight(preflight) };
  },
};

function showPreflight(preflight: PreflightRecord): Landfall.PreflightItem {
  const { preflightId, sourceServerId, state, trigger, attempts, reason, report } = preflight;
  return {
    ...{ preflightID: preflightId, sourceServerID: sourceServerId, state, trigger, attempts, reason },
    createdDateTime: isoDateTime(preflight.createdAtMs),
    nextAttemptDateTime: state === 'WAITING' ? isoDateTime(preflight.nextAttemptAtMs) : undefined,
    report: report === undefined ? undefined : showReport(report),
  };
}

/** Field by field: a launch host has its say about these and no others. */
function showReport({ recoveryPoint, inspectedAtMs, result }: PreflightReport): Landfall.PreflightReport {
  const { epoch, cutTimeMs, consistency } = recoveryPoint;
  const { operatingSystem, bootMode, durationMs } = result;
  return {
    recoveryPoint: { epoch, cutDateTime: isoDateTime(cutTimeMs), consistency },
    inspectedDateTime: isoDateTime(inspectedAtMs),
    ...{ operatingSystem, bootMode, durationMs },
    facts: result.facts.map(({ name, value }) => ({ name, value })),
    findings: result.findings.map(({ rank, code, what, why, fix }) => ({ rank, code, what, why, fix })),
  };
}
