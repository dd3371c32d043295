/**
 * How an application or a wave stands, pure, from its servers. The public API names the words and leaves the
 * rule open; this is ours:
 *
 * A1 Health is that of the worst server that still replicates; a group without one is HEALTHY.
 * A2 COMPLETED: there are servers, and every one is cut over or archived. NOT_STARTED: none has sent a byte
 *    or was ever launched. IN_PROGRESS: all between.
 */
import type { ReplicationView } from './replication-view.ts';
import type { SourceServerRecord } from './source-server.ts';

export type Health = 'HEALTHY' | 'LAGGING' | 'ERROR';
export type Progress = 'NOT_STARTED' | 'IN_PROGRESS' | 'COMPLETED';

export interface Member {
  readonly server: SourceServerRecord;
  readonly view: Pick<ReplicationView, 'state' | 'lagMs'>;
}

/** From this lag on a server counts as lagging. */
export const LAGGING_MS = 5 * 60_000;

const WORST_FIRST: readonly Health[] = ['ERROR', 'LAGGING', 'HEALTHY'];

/** A1 */
export function healthOf(members: readonly Member[]): Health {
  const seen = new Set(members.map(memberHealth));
  return WORST_FIRST.find((health) => seen.has(health)) ?? 'HEALTHY';
}

/** A2 */
export function progressOf(members: readonly Member[]): Progress {
  const [first, ...others] = new Set(members.map(({ server }) => memberProgress(server)));
  if (first === undefined) return 'NOT_STARTED';
  return others.length === 0 ? first : 'IN_PROGRESS';
}

/** When the first of them began to send. */
export function replicationStartOf(members: readonly Member[]): number | undefined {
  const starts = members.flatMap(({ server }) => server.replication.firstByteAtMs ?? []);
  return starts.length === 0 ? undefined : Math.min(...starts);
}

function memberHealth({ server, view }: Member): Health {
  const { desired } = server.replication;
  if (server.isArchived || desired === 'STOP' || desired === 'UNINSTALL') return 'HEALTHY';
  if (view.state === 'STALLED') return 'ERROR';
  const isBehind = view.lagMs !== null && view.lagMs >= LAGGING_MS;
  return isBehind || view.state === 'BACKLOG' || view.state === 'RESCAN' ? 'LAGGING' : 'HEALTHY';
}

function memberProgress({ isArchived, lifeCycle, replication }: SourceServerRecord): Progress {
  if (isArchived || lifeCycle.state === 'CUTOVER') return 'COMPLETED';
  const wasLaunched = lifeCycle.lastTest !== undefined || lifeCycle.lastCutover !== undefined;
  return wasLaunched || replication.firstByteAtMs !== null ? 'IN_PROGRESS' : 'NOT_STARTED';
}
