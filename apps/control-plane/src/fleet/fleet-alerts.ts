/** What does not go on by itself, of servers and of programs, the worst first. Pure. */
import { isoDateTime, type Landfall } from '@landfall/api';
import type { AgentReport } from '@landfall/channel';
import { isReplicating } from '../channel/observe-replication.ts';
import type { ReplicationView } from '../lifecycle/replication-view.ts';
import type { StagedServer } from '../lifecycle/staged-server.ts';
import type { Blockers, BootFailure } from '../store/fleet-rows.ts';
import type { FleetServer } from './fleet-server.ts';

type Found = Pick<Landfall.FleetAlert, 'kind' | 'detail'> & { readonly sinceMs?: number | undefined };

export interface ServerFacts {
  readonly server: FleetServer;
  readonly view: ReplicationView;
  readonly agent: AgentReport | undefined;
  readonly staged: StagedServer | undefined;
  readonly blockers: Blockers | undefined;
  readonly bootFailure: BootFailure | undefined;
}

const DETAIL_CHARACTERS_MAX = 300;

/** In the order in which they are listed. */
const RANKS = {
  RANSOMWARE_SUSPECTED: 'ERROR',
  NO_LAUNCH_HOST: 'ERROR',
  REPLICATION_SERVER_AWAY: 'ERROR',
  REPLICATION_STALLED: 'ERROR',
  DOES_NOT_CONVERGE: 'ERROR',
  BOOT_PROOF_FAILED: 'ERROR',
  PREFLIGHT_BLOCKED: 'ERROR',
  STAGING_SPACE: 'WARNING',
  MAY_NOT_CONVERGE: 'WARNING',
  LAUNCH_HOST_AWAY: 'WARNING',
  REPLICATION_PAUSED: 'WARNING',
} as const satisfies Record<Landfall.FleetAlertKind, Landfall.FleetAlertRank>;
const KINDS = Object.keys(RANKS) as readonly Landfall.FleetAlertKind[];

export function sortAlerts(alerts: readonly Landfall.FleetAlert[]): readonly Landfall.FleetAlert[] {
  const place = new Map(KINDS.map((kind, index) => [kind, index]));
  return [...alerts].sort(
    (left, right) =>
      (place.get(left.kind) ?? 0) - (place.get(right.kind) ?? 0) ||
      (left.name < right.name ? -1 : left.name > right.name ? 1 : 0),
  );
}

export function serverAlerts(facts: ServerFacts): readonly Landfall.FleetAlert[] {
  const { sourceServerId, name } = facts.server;
  const found = [...suspected(facts), ...replicating(facts), ...launchable(facts)];
  return found.map(({ kind, detail, sinceMs }) => ({
    ...{ kind, rank: RANKS[kind], resourceID: sourceServerId, sourceServerID: sourceServerId, name },
    detail: detail?.slice(0, DETAIL_CHARACTERS_MAX),
    sinceDateTime: sinceMs === undefined ? undefined : isoDateTime(sinceMs),
  }));
}

function suspected({ staged }: ServerFacts): readonly Found[] {
  const open = (staged?.tripwire?.suspicions ?? []).filter(
    ({ acknowledgedAtMs }) => acknowledgedAtMs === null,
  );
  const [first] = open;
  if (first === undefined) return [];
  return [{ kind: 'RANSOMWARE_SUSPECTED', detail: first.code, sinceMs: first.detectedAtMs }];
}

/** A stalled server is not told to fall behind besides. */
function replicating({ server, view, agent, staged }: ServerFacts): readonly Found[] {
  if (!isReplicating(server)) return [];
  const space: readonly Found[] =
    staged?.spaceWarning === undefined ? [] : [{ kind: 'STAGING_SPACE', detail: staged.spaceWarning }];
  if (view.error !== undefined) {
    const { error, rawError } = view.error;
    return [{ kind: 'REPLICATION_STALLED', detail: `${error}: ${rawError}` }, ...space];
  }
  if (view.state === 'PAUSED') return [{ kind: 'REPLICATION_PAUSED' }, ...space];
  const { verdict, explanation } = agent?.replication.forecast ?? {};
  const isBehind = verdict === 'DOES_NOT_CONVERGE' || verdict === 'MAY_NOT_CONVERGE';
  return isBehind ? [{ kind: verdict, detail: explanation }, ...space] : space;
}

function launchable({ server, blockers, bootFailure }: ServerFacts): readonly Found[] {
  if (!isReplicating(server)) return [];
  const found: Found[] = [];
  if (bootFailure !== undefined) {
    found.push({ kind: 'BOOT_PROOF_FAILED', detail: bootFailure.code, sinceMs: bootFailure.atMs });
  }
  if (blockers !== undefined) {
    found.push({ kind: 'PREFLIGHT_BLOCKED', detail: blockers.codes.join(', '), sinceMs: blockers.atMs });
  }
  return found;
}

export interface ProgramFacts {
  readonly programId: string;
  readonly role: 'replication-server' | 'launch-host';
  readonly isConnected: boolean;
  readonly lastSeenMs: number | undefined;
}

/** Where no launch host is connected that is said once, and not of each. */
export function programAlerts(programs: readonly ProgramFacts[]): readonly Landfall.FleetAlert[] {
  const hosts = programs.filter(({ role }) => role === 'launch-host');
  const canLaunch = hosts.some(({ isConnected }) => isConnected);
  const away = programs.filter(
    ({ role, isConnected }) => !isConnected && (canLaunch || role === 'replication-server'),
  );
  const nowhere: Landfall.FleetAlert = { ...alert('NO_LAUNCH_HOST'), resourceID: '', name: '' };
  return [
    ...(canLaunch ? [] : [nowhere]),
    ...away.map(({ programId, role, lastSeenMs }) => ({
      ...alert(role === 'launch-host' ? 'LAUNCH_HOST_AWAY' : 'REPLICATION_SERVER_AWAY'),
      ...{ resourceID: programId, name: programId },
      sinceDateTime: lastSeenMs === undefined ? undefined : isoDateTime(lastSeenMs),
    })),
  ];
}

function alert(kind: Landfall.FleetAlertKind) {
  return { kind, rank: RANKS[kind] };
}
