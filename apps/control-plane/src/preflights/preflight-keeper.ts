/**
 * Sees to it that every server is inspected: looks every few seconds for servers with a first recovery point
 * and for preflights that are due, and runs each on a launch host that has none.
 *
 * F1 What is to be done is in the store before it is begun; all that is done for it is idempotent by its id,
 *    so a restarted control plane does it again from the beginning, at the same point.
 * F2 One at a time on each launch host, and one of each server.
 * F3 An export that may be open is on record before it is, until it is closed.
 * F4 What fails is told with its reason and tried again, later and later, as long as the server replicates.
 * F5 After the signal nothing is written any more.
 */
import { backoffDelayMs, describeError } from '@landfall/runtime';
import { isReplicating } from '../channel/observe-replication.ts';
import { type Keeper, keepLooking } from '../keep-looking.ts';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import {
  eachUnfinishedPreflights,
  findPreflight,
  listNeverInspected,
  type PreflightRecord,
  savePreflight,
  type UnfinishedPreflight,
} from '../store/preflights.ts';
import { listPrograms } from '../store/programs.ts';
import type { Queries } from '../store/schema.ts';
import { beginPreflight } from './begin-preflight.ts';
import { closeExports, runPreflight } from './run-preflight.ts';

const BACKOFF = { initialMs: 30_000, maximumMs: 3_600_000 };

interface Running {
  /** Absent while only exports are closed. */
  readonly launchHostId: string | undefined;
  readonly cancel: AbortController;
  readonly work: Promise<void>;
}

interface WaitsFor {
  readonly waitsFor: string;
}

type HostChoice = { readonly launchHostId: string } | WaitsFor;

interface Waiting {
  readonly preflight: PreflightRecord;
  readonly reason: string;
}

/** Until the signal; resolves when everything it had begun has ended. */
export function keepPreflights(service: Service, signal: AbortSignal): Promise<void> {
  const keeper = new PreflightKeeper(service, signal);
  return keepLooking(service, keeper, { failure: 'preflights-not-kept', signal });
}

class PreflightKeeper implements Keeper {
  readonly #service: Service;
  readonly #signal: AbortSignal;
  /** By server. */
  readonly #running = new Map<string, Running>();

  constructor(service: Service, signal: AbortSignal) {
    this.#service = service;
    this.#signal = signal;
  }

  async look(): Promise<void> {
    const { store, clock } = this.#service;
    await this.#wantFirst(await listNeverInspected(store.db));
    for await (const some of eachUnfinishedPreflights(store.db)) {
      await this.#lookAtSome(some);
      // Thousands may wait; whoever asks something meanwhile must not.
      await clock.sleep(0, this.#signal);
    }
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ work }) => work));
  }

  async #wantFirst(servers: readonly SourceServerRecord[]): Promise<void> {
    for (const server of servers) {
      if (!isReplicating(server)) continue;
      const { sourceServerId } = server;
      const wish = { sourceServerId, trigger: 'FIRST_POINT', at: { kind: 'LATEST' } } as const;
      await this.#service.store.transaction((tx) => beginPreflight(this.#service, tx, wish));
      await this.#service.clock.sleep(0, this.#signal);
    }
  }

  async #lookAtSome(some: readonly UnfinishedPreflight[]): Promise<void> {
    const hosts = await this.#hosts();
    const waiting: Waiting[] = [];
    for (const { preflight, server } of some) {
      const reason = await this.#lookAt(preflight, server, hosts);
      if (reason !== undefined && reason !== preflight.reason) waiting.push({ preflight, reason });
    }
    await this.#note(waiting);
  }

  /** Answers why it waits, where that is for a host. */
  async #lookAt(
    preflight: PreflightRecord,
    server: SourceServerRecord | undefined,
    hosts: readonly string[] | WaitsFor,
  ): Promise<string | undefined> {
    const { sourceServerId, state } = preflight;
    const running = this.#running.get(sourceServerId);
    if (state === 'COMPLETE' || state === 'FAILED') {
      if (running === undefined) this.#close(preflight);
      return undefined;
    }
    if (server === undefined || !isReplicating(server)) {
      const reason = 'replication of the server was ended';
      if (running !== undefined) running.cancel.abort(new Error(reason));
      else await this.#change(preflight, (before) => ({ ...before, state: 'FAILED', reason }));
      return undefined;
    }
    if (running !== undefined || this.#service.clock.nowMs() < preflight.nextAttemptAtMs) return undefined;
    const choice = this.#chooseHost(hosts);
    if ('waitsFor' in choice) return choice.waitsFor;
    const order = { preflight, server, ...choice };
    this.#start(preflight, choice.launchHostId, (signal) => runPreflight(this.#service, order, signal));
    return undefined;
  }

  #start(
    preflight: PreflightRecord,
    launchHostId: string | undefined,
    action: (signal: AbortSignal) => Promise<void>,
  ): void {
    const { sourceServerId } = preflight;
    const cancel = new AbortController();
    const work = action(AbortSignal.any([cancel.signal, this.#signal]))
      .catch((error: unknown) => this.#failed(preflight, error))
      .catch((error: unknown) => {
        if (!this.#signal.aborted) this.#service.log.error('preflight-broken', { sourceServerId, error });
      })
      .finally(() => this.#running.delete(sourceServerId));
    this.#running.set(sourceServerId, { launchHostId, cancel, work });
  }

  /** What an attempt has left open (F3). */
  #close(preflight: PreflightRecord): void {
    this.#start(preflight, undefined, (signal) => closeExports(this.#service, preflight, signal));
  }

  /** Those heard of lately, the one with the most free memory first. */
  async #hosts(): Promise<readonly string[] | WaitsFor> {
    const { store, reports, clock } = this.#service;
    const enrolled = await listPrograms(store.db, 'launch-host');
    if (enrolled.length === 0) return { waitsFor: 'no launch host is enrolled; `landfall up` starts one' };
    const here = enrolled.flatMap(({ programId }) => {
      const seen = reports.last('launch-host', programId);
      const isHere = seen !== undefined && clock.nowMs() - seen.atMs < AGENT_NOT_SEEN_MS;
      return isHere ? [{ programId, freeBytes: seen.report.freeMemoryBytes }] : [];
    });
    if (here.length === 0) return { waitsFor: 'no launch host was heard of lately; check that it runs' };
    return here.toSorted((one, other) => other.freeBytes - one.freeBytes).map(({ programId }) => programId);
  }

  /** The first that has no preflight (F2). */
  #chooseHost(hosts: readonly string[] | WaitsFor): HostChoice {
    if ('waitsFor' in hosts) return hosts;
    const busy = new Set([...this.#running.values()].map(({ launchHostId }) => launchHostId));
    const launchHostId = hosts.find((host) => !busy.has(host));
    return launchHostId === undefined
      ? { waitsFor: 'the launch host inspects another server' }
      : { launchHostId };
  }

  async #failed(preflight: PreflightRecord, error: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    const { clock, random, log } = this.#service;
    const { sourceServerId, preflightId } = preflight;
    log.warn('preflight-failed', { sourceServerId, preflightId, error });
    const waitMs = backoffDelayMs(BACKOFF, preflight.attempts, random);
    await this.#change(preflight, (before) =>
      before.state === 'COMPLETE' || before.state === 'FAILED'
        ? before
        : {
            ...{ ...before, state: 'WAITING', attempts: before.attempts + 1, recoveryPoint: undefined },
            ...{ reason: describeError(error), nextAttemptAtMs: clock.nowMs() + waitMs },
          },
    );
    await closeExports(this.#service, preflight, this.#signal);
  }

  async #note(waiting: readonly Waiting[]): Promise<void> {
    if (waiting.length === 0 || this.#signal.aborted) return;
    await this.#service.store.transaction(async (tx) => {
      for (const { preflight, reason } of waiting) {
        this.#service.log.info('preflight-waits', { sourceServerId: preflight.sourceServerId, reason });
        await changeSame(tx, preflight, (before) => ({ ...before, state: 'WAITING', reason }));
      }
    });
  }

  async #change(
    preflight: PreflightRecord,
    change: (before: PreflightRecord) => PreflightRecord,
  ): Promise<void> {
    if (this.#signal.aborted) return;
    await this.#service.store.transaction((tx) => changeSame(tx, preflight, change));
  }
}

/** Not when another was asked for meanwhile. */
async function changeSame(
  tx: Queries,
  { sourceServerId, preflightId }: PreflightRecord,
  change: (before: PreflightRecord) => PreflightRecord,
): Promise<void> {
  const before = await findPreflight(tx, sourceServerId);
  if (before?.preflightId === preflightId) await savePreflight(tx, change(before));
}
