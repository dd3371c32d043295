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
  findPreflight,
  listNeverInspected,
  listUnfinishedPreflights,
  type PreflightRecord,
  savePreflight,
} from '../store/preflights.ts';
import { listPrograms } from '../store/programs.ts';
import { findServer } from '../store/source-servers.ts';
import { beginPreflight } from './begin-preflight.ts';
import { closeExports, runPreflight } from './run-preflight.ts';

const BACKOFF = { initialMs: 30_000, maximumMs: 3_600_000 };

interface Running {
  /** Absent while only exports are closed. */
  readonly launchHostId: string | undefined;
  readonly cancel: AbortController;
  readonly work: Promise<void>;
}

type HostChoice = { readonly launchHostId: string } | { readonly waitsFor: string };

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
    const { db } = this.#service.store;
    for (const server of await listNeverInspected(db)) await this.#wantFirst(server);
    for (const preflight of await listUnfinishedPreflights(db)) await this.#lookAt(preflight);
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ work }) => work));
  }

  async #wantFirst(server: SourceServerRecord): Promise<void> {
    if (!isReplicating(server)) return;
    const { sourceServerId } = server;
    const wish = { sourceServerId, trigger: 'FIRST_POINT', at: { kind: 'LATEST' } } as const;
    await this.#service.store.transaction((tx) => beginPreflight(this.#service, tx, wish));
  }

  async #lookAt(preflight: PreflightRecord): Promise<void> {
    const { sourceServerId, state } = preflight;
    const running = this.#running.get(sourceServerId);
    const server = await findServer(this.#service.store.db, sourceServerId);
    if (state === 'COMPLETE' || state === 'FAILED') {
      if (running === undefined) this.#close(preflight);
      return;
    }
    if (server === undefined || !isReplicating(server)) {
      const reason = 'replication of the server was ended';
      if (running !== undefined) return running.cancel.abort(new Error(reason));
      return this.#change(preflight, (before) => ({ ...before, state: 'FAILED', reason }));
    }
    if (running !== undefined || this.#service.clock.nowMs() < preflight.nextAttemptAtMs) return;
    const choice = await this.#chooseHost();
    if ('waitsFor' in choice) return this.#note(preflight, choice.waitsFor);
    const order = { preflight, server, ...choice };
    this.#start(preflight, choice.launchHostId, (signal) => runPreflight(this.#service, order, signal));
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

  /** The one with the most free memory among those heard of lately that have no preflight (F2). */
  async #chooseHost(): Promise<HostChoice> {
    const { store, reports, clock } = this.#service;
    const enrolled = await listPrograms(store.db, 'launch-host');
    if (enrolled.length === 0) return { waitsFor: 'no launch host is enrolled; `landfall up` starts one' };
    const here = enrolled.flatMap(({ programId }) => {
      const seen = reports.last('launch-host', programId);
      const isHere = seen !== undefined && clock.nowMs() - seen.atMs < AGENT_NOT_SEEN_MS;
      return isHere ? [{ programId, freeBytes: seen.report.freeMemoryBytes }] : [];
    });
    if (here.length === 0) return { waitsFor: 'no launch host was heard of lately; check that it runs' };
    const busy = new Set([...this.#running.values()].map(({ launchHostId }) => launchHostId));
    const free = here.filter(({ programId }) => !busy.has(programId));
    const [best] = free.toSorted((one, other) => other.freeBytes - one.freeBytes);
    if (best === undefined) return { waitsFor: 'the launch host inspects another server' };
    return { launchHostId: best.programId };
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

  async #note(preflight: PreflightRecord, reason: string): Promise<void> {
    if (preflight.reason === reason) return;
    const { sourceServerId } = preflight;
    this.#service.log.info('preflight-waits', { sourceServerId, reason });
    await this.#change(preflight, (before) => ({ ...before, state: 'WAITING', reason }));
  }

  async #change(
    { sourceServerId, preflightId }: PreflightRecord,
    change: (before: PreflightRecord) => PreflightRecord,
  ): Promise<void> {
    if (this.#signal.aborted) return;
    await this.#service.store.transaction(async (tx) => {
      const before = await findPreflight(tx, sourceServerId);
      // Another was asked for meanwhile.
      if (before?.preflightId === preflightId) await savePreflight(tx, change(before));
    });
  }
}
