/** DescribeFleet, ListServers: all servers at a glance, and a page of those that are looked for. */
import { type Handlers, isoDateTime, type Landfall, paginate } from '@landfall/api';
import type { ProgramRole } from '@landfall/channel';
import { viewServer } from '../channel/observe-replication.ts';
import { programAlerts, serverAlerts, sortAlerts } from '../fleet/fleet-alerts.ts';
import type { FleetKnown } from '../fleet/fleet-board.ts';
import { countFleet, lagNow, stagingSpace } from '../fleet/fleet-summary.ts';
import { findServers, sortKeyOf, type ViewedServer } from '../fleet/server-search.ts';
import { ALL_SERVERS } from '../history/replication-history.ts';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import { stagedServer } from '../lifecycle/staged-server.ts';
import type { Service } from '../service.ts';
import { listGroupsIn } from '../store/groups.ts';
import { listPrograms } from '../store/programs.ts';
import { listServers } from '../store/source-servers.ts';
import { showSourceServer } from './source-server-view.ts';

type Operations = Pick<Handlers<'landfall', Service>, 'DescribeFleet' | 'ListServers'>;

const ALERTS_DEFAULT = 100;
const DAY_MS = 86_400_000;
/** As long as what was measured of a day is told again. */
const DAY_KEPT_MS = 60_000;
/** Of a page, in one question. */
const IDS_AT_ONCE = 200;

export const fleetOperations: Operations = {
  DescribeFleet: async ({ maxAlerts = ALERTS_DEFAULT }, service) => {
    const known = await service.fleet.known();
    const launches = await service.fleet.launches();
    const day = await lagOfDay(service);
    const programs = [
      ...(await programsOf(service, 'replication-server')),
      ...(await programsOf(service, 'launch-host')),
    ];
    const viewed = findServers(
      known.servers.values(),
      { text: '', filters: { isArchived: false } },
      (server) => viewServer(service, server),
    );
    const alerts = sortAlerts([...programAlerts(programs), ...alertsOf(service, viewed, known)]);
    const staging = programs.flatMap((program) =>
      program.role === 'replication-server'
        ? [{ ...program, report: service.reports.last('replication-server', program.programId)?.report }]
        : [],
    );
    return {
      observedDateTime: isoDateTime(service.clock.nowMs()),
      ...countFleet(viewed),
      lag: { ...lagNow(viewed), ...day },
      launches,
      staging: stagingSpace(staging),
      alerts: alerts.slice(0, maxAlerts),
      alertsTotal: alerts.length,
    };
  },

  ListServers: async (input, service) => {
    const { text = '', filters = {}, sort = 'ADDED', descending = false } = input;
    const { waveIDs = [], ...others } = filters;
    const servers = await service.fleet.servers();
    const applicationIDs = await applicationsOf(service, others.applicationIDs ?? [], waveIDs);
    const wish = { text, filters: { ...others, applicationIDs } };
    const found =
      waveIDs.length > 0 && applicationIDs.length === 0
        ? []
        : findServers(servers.values(), wish, (server) => viewServer(service, server));
    const page = paginate(found, input, {
      listing: `ListServers ${JSON.stringify({ text, filters, sort, descending })}`,
      sortKeyOf: sortKeyOf({ sort, isDescending: descending }),
      order: descending ? 'descending' : 'ascending',
    });
    return { ...page, items: await showFound(service, page.items), total: found.length };
  },
};

/** Of these applications those in the waves; without applications, all in the waves. */
async function applicationsOf(
  { store }: Service,
  applicationIDs: readonly string[],
  waveIDs: readonly string[],
): Promise<readonly string[]> {
  if (waveIDs.length === 0) return applicationIDs;
  const inWaves = (await listGroupsIn(store.db, waveIDs)).map(({ groupId }) => groupId);
  return applicationIDs.length === 0 ? inWaves : inWaves.filter((id) => applicationIDs.includes(id));
}

/** One that was deleted a moment ago is left out. */
async function showFound(
  service: Service,
  found: readonly ViewedServer[],
): Promise<Landfall.ListServersResponse['items']> {
  const ids = found.map(({ server }) => server.sourceServerId);
  const shown = new Map<string, ReturnType<typeof showSourceServer>>();
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
    const sourceServerIds = ids.slice(from, from + IDS_AT_ONCE);
    for (const record of await listServers(service.store.db, { sourceServerIds }, { limit: IDS_AT_ONCE })) {
      shown.set(record.sourceServerId, showSourceServer(service, record));
    }
  }
  return ids.flatMap((id) => shown.get(id) ?? []);
}

async function programsOf<Role extends Exclude<ProgramRole, 'agent'>>(
  { store, reports, clock }: Service,
  role: Role,
) {
  return (await listPrograms(store.db, role)).map(({ programId }) => {
    const lastSeenMs = reports.last(role, programId)?.atMs;
    const isConnected = lastSeenMs !== undefined && clock.nowMs() - lastSeenMs < AGENT_NOT_SEEN_MS;
    return { programId, role, lastSeenMs, isConnected };
  });
}

function alertsOf(
  { reports }: Service,
  viewed: readonly ViewedServer[],
  { blockers, bootFailures }: FleetKnown,
): readonly Landfall.FleetAlert[] {
  return viewed.flatMap(({ server, view }) => {
    const { sourceServerId } = server;
    return serverAlerts({
      ...{ server, view },
      staged: stagedServer(
        reports.last('replication-server', server.replicationServerId)?.report,
        sourceServerId,
      ),
      agent: reports.last('agent', sourceServerId)?.report,
      blockers: blockers.get(sourceServerId),
      bootFailure: bootFailures.get(sourceServerId),
    });
  });
}

type DayLag = Pick<Landfall.FleetLag, 'dayMeanMs' | 'dayWorstMs'>;

const measured = new WeakMap<Service['history'], { readonly atMs: number; readonly lag: DayLag }>();

async function lagOfDay({ history, clock }: Service): Promise<DayLag> {
  const nowMs = clock.nowMs();
  const kept = measured.get(history);
  if (kept !== undefined && Math.abs(nowMs - kept.atMs) < DAY_KEPT_MS) return kept.lag;
  const { points } = await history.read(ALL_SERVERS, { fromMs: nowMs - DAY_MS, toMs: nowMs, pointsMax: 1 });
  const [bucket] = points.values();
  const { count = 0, sum = 0, max } = bucket?.lagMs ?? {};
  const lag = count === 0 ? {} : { dayMeanMs: sum / count, dayWorstMs: max };
  measured.set(history, { atMs: nowMs, lag });
  return lag;
}
