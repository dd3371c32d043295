/**
 * What is known of all servers, kept up with the store: their records as far as they are judged by, what
 * keeps them from being launched, and how long launches take. What programs report is on the report board.
 */

import { decodeDocument } from '../store/document.ts';
import {
  type Blockers,
  type BootFailure,
  listServerIds,
  loadBlockers,
  loadBootFailures,
  loadFleetServers,
} from '../store/fleet-rows.ts';
import { listJobs, listServersOfJobs } from '../store/jobs.ts';
import type { RowChange } from '../store/row-changes.ts';
import type { Queries } from '../store/schema.ts';
import type { FleetServer } from './fleet-server.ts';
import { FollowedRows } from './followed-rows.ts';
import { type LaunchTimes, launchTimes } from './launch-times.ts';

/** Whose times are told. */
const JOBS_MAX = 100;

export interface FleetKnown {
  readonly servers: ReadonlyMap<string, FleetServer>;
  readonly blockers: ReadonlyMap<string, Blockers>;
  readonly bootFailures: ReadonlyMap<string, BootFailure>;
}

export class FleetBoard {
  readonly #db: Queries;
  readonly #servers: FollowedRows<FleetServer>;
  readonly #blockers: FollowedRows<Blockers>;
  readonly #bootFailures: FollowedRows<BootFailure>;
  #launches: LaunchTimes | undefined;
  #jobsRevision = 0;

  constructor(db: Queries) {
    this.#db = db;
    const listIds = () => listServerIds(db);
    this.#servers = new FollowedRows({ listIds, load: (ids) => loadFleetServers(db, ids) });
    this.#blockers = new FollowedRows({ listIds, load: (ids) => loadBlockers(db, ids) });
    this.#bootFailures = new FollowedRows({ listIds, load: (ids) => loadBootFailures(db, ids) });
  }

  /** Of what was committed. */
  tell(changes: readonly RowChange[]): void {
    for (const change of changes) {
      if (change.table === 'source_server') this.#servers.tell(serverOf(change));
      if (change.table === 'preflight') this.#blockers.tell(serverOf(change));
      if (change.table === 'boot_proof' && hasVerdict(change)) this.#bootFailures.tell(serverOf(change));
      if (change.table === 'job') this.#forgetLaunches();
    }
  }

  servers(): Promise<ReadonlyMap<string, FleetServer>> {
    return this.#servers.current();
  }

  async known(): Promise<FleetKnown> {
    const servers = await this.#servers.current();
    const blockers = await this.#blockers.current();
    return { servers, blockers, bootFailures: await this.#bootFailures.current() };
  }

  async launches(): Promise<LaunchTimes> {
    if (this.#launches !== undefined) return this.#launches;
    const revision = this.#jobsRevision;
    const jobs = await listJobs(this.#db, {}, { limit: JOBS_MAX });
    const ids = jobs.map(({ jobId }) => jobId);
    const servers = ids.length === 0 ? new Map<string, never>() : await listServersOfJobs(this.#db, ids);
    const times = launchTimes(jobs, servers);
    if (revision === this.#jobsRevision) this.#launches = times;
    return times;
  }

  #forgetLaunches(): void {
    this.#launches = undefined;
    this.#jobsRevision += 1;
  }
}

/** A column of the query, or in the document it writes; `undefined`: neither says it. */
function serverOf({ values }: RowChange): string | undefined {
  const { source_server_id: id, document } = values;
  if (typeof id === 'string') return id;
  if (typeof document !== 'string') return undefined;
  return decodeDocument<{ readonly sourceServerId?: string }>(document).sourceServerId;
}

/** A picture of a screen is none; what was deleted was older than the newest, or went with its server. */
function hasVerdict({ verb, values }: RowChange): boolean {
  return verb !== 'delete' && values.state !== undefined;
}
