/**
 * Where events come together: from the rows that change and from the reports of programs, to streams and
 * webhooks.
 *
 * V1  What changes in the store is queued for webhooks in the same transaction; streams hear of it after the
 *     commit.
 * V2  What is held back (`Coalescing`) is told when its time has come.
 */
import { type ArnScope, isoDateTime } from '@landfall/api';
import type { AgentReport, LaunchHostReport, ReplicationServerReport } from '@landfall/channel';
import { type Clock, describeError, type Logger } from '@landfall/runtime';
import { isReplicating } from '../channel/observe-replication.ts';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import type { ChangeListener } from '../store/change-feed.ts';
import { findMachine } from '../store/machines.ts';
import type { Queries } from '../store/schema.ts';
import { findServer } from '../store/source-servers.ts';
import type { Store } from '../store/store.ts';
import { Coalescing } from './coalescing.ts';
import { EventLog, type NewEvent } from './event-log.ts';
import {
  changedMachines,
  eventsOfAgent,
  eventsOfMachine,
  eventsOfReplicationServer,
  type ReportEvents,
  silenceOfAgent,
} from './report-events.ts';
import { eventsOfRows, isTold } from './row-events.ts';

const TICK_MS = 100;
const NS_A_MILLISECOND = 1_000_000n;

/** Puts events into the queue of whoever is to be sent them, with the transaction that made them. */
export type EventQueue = (tx: Queries, events: readonly NewEvent[]) => Promise<void>;

export interface EventHubOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly scope: ArnScope;
}

export class EventHub implements ChangeListener {
  readonly log: EventLog;
  readonly #options: EventHubOptions;
  readonly #coalescing = new Coalescing();
  /** When agents were last heard of, until their silence has been told. */
  readonly #heardAtMs = new Map<string, number>();
  #queue: EventQueue | undefined;
  #identityRevision = 0;

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.log = new EventLog({ nowMs: options.clock.nowMs() });
  }

  /** Grows when a user, role, policy or key changed. */
  get identityRevision(): number {
    return this.#identityRevision;
  }

  queueInto(queue: EventQueue): void {
    this.#queue = queue;
  }

  watches = isTold;

  /** V1 */
  async prepare(tx: Queries, changes: Parameters<ChangeListener['prepare']>[1]): Promise<() => void> {
    const events = await eventsOfRows(tx, changes, this.#options.scope);
    if (events.length > 0) await this.#queue?.(tx, events);
    return () => this.#tell(events);
  }

  async agentReported(
    sourceServerId: string,
    before: AgentReport | undefined,
    report: AgentReport,
  ): Promise<void> {
    this.#heardAtMs.set(sourceServerId, this.#options.clock.nowMs());
    await this.#tellReport(eventsOfAgent(sourceServerId, before, report));
  }

  async replicationServerReported(
    before: ReplicationServerReport | undefined,
    report: ReplicationServerReport,
  ): Promise<void> {
    await this.#tellReport(eventsOfReplicationServer(before, report));
  }

  /** Machines that no launch made (proofs of boot have some, too) are no events. */
  async launchHostReported(before: LaunchHostReport | undefined, report: LaunchHostReport): Promise<void> {
    const { db } = this.#options.store;
    const known = new Map(before?.machines.map((status) => [status.machineId, status]));
    for (const status of changedMachines(before, report)) {
      const machine = await findMachine(db, status.machineId);
      if (machine === undefined) continue;
      await this.#tellReport(eventsOfMachine(machine.sourceServerId, known.get(status.machineId), status));
    }
  }

  /** Tells what was held back, and of agents that have fallen silent, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        await clock.sleep(TICK_MS, signal);
        this.#append(this.#coalescing.due(this.#monotonicMs()));
        await this.#tellSilence();
      } catch (error) {
        if (!signal.aborted) log.error('events-not-told', { error, explanation: describeError(error) });
      }
    }
  }

  async #tellSilence(): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    for (const [sourceServerId, heardAtMs] of this.#heardAtMs) {
      if (nowMs - heardAtMs <= AGENT_NOT_SEEN_MS) continue;
      this.#heardAtMs.delete(sourceServerId);
      const server = await findServer(this.#options.store.db, sourceServerId);
      if (server === undefined || !isReplicating(server)) continue;
      await this.#tellReport(silenceOfAgent(sourceServerId));
    }
  }

  async #tellReport({ events, notable }: ReportEvents): Promise<void> {
    this.#tell(events);
    const queue = this.#queue;
    if (notable.length === 0 || queue === undefined) return;
    await queue(this.#options.store.db, notable);
  }

  #tell(events: readonly NewEvent[]): void {
    const nowMs = this.#monotonicMs();
    for (const event of events) {
      if (event.type === 'IdentityChanged') this.#identityRevision += 1;
      this.#append(this.#coalescing.offer(event, nowMs));
    }
  }

  #append(events: readonly NewEvent[]): void {
    const eventTime = isoDateTime(this.#options.clock.nowMs());
    for (const event of events) this.log.append(event, eventTime);
  }

  /** A wall clock that is set must hold nothing back. */
  #monotonicMs(): number {
    return Number(this.#options.clock.monotonicNs() / NS_A_MILLISECOND);
  }
}
