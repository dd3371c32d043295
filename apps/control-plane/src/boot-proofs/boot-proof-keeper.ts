/**
 * Sees to it that every server is known to boot: looks every few seconds for proofs that are due, runs each
 * on a launch host that has none, and takes back what an older one has kept.
 *
 * B1 One at a time on each launch host, and one of each server.
 * B2 Launches come first: while one is under way, a proof that no cutover waits for is not begun, and one
 *    that runs gives its machine back and begins again later.
 * B3 Whatever may be left on a launch host or open on a replication server is on record before it is, until
 *    it was given back. All steps are idempotent by the machine's id, so a restarted control plane goes on.
 * B4 A verdict is about the server. What only says that an attempt could not be made to its end is told and
 *    tried again, later and later.
 * B5 The newest verified point of a server has a name in its replica and its conversion kept, until a newer
 *    one is verified or replication ends.
 * B6 After the signal nothing is written any more.
 */
import { backoffDelayMs, describeError, OperationError } from '@landfall/runtime';
import { isReplicating, viewServer } from '../channel/observe-replication.ts';
import { type Keeper, keepLooking } from '../keep-looking.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import {
  type BootError,
  type BootProofRecord,
  isUnfinished,
  latestBootProof,
  latestBootProofTimes,
  listOpenBootProofs,
} from '../store/boot-proofs.ts';
import { listUnfinishedJobs } from '../store/jobs.ts';
import { eachServers, findServer } from '../store/source-servers.ts';
import { beginBootProof } from './begin-boot-proof.ts';
import { changeRecord } from './boot-proof-record.ts';
import { nextBootProofAtMs } from './boot-proof-schedule.ts';
import { chooseProofHost } from './choose-proof-host.ts';
import { giveUpPoint, releaseMachines } from './release-boot-proof.ts';
import { runBootProof } from './run-boot-proof.ts';

const BACKOFF = { initialMs: 30_000, maximumMs: 3_600_000 };
/** A cutover waits: what does not work soon should be told soon. */
const BACKOFF_OF_CUTOVER = { initialMs: 2000, maximumMs: 10_000 };
const ATTEMPTS_MAX = 5;

interface Running {
  /** Absent while only something is taken back. */
  readonly launchHostId: string | undefined;
  readonly cancel: AbortController;
  readonly work: Promise<void>;
}

/** Why a running proof is cut off. */
class SteppedAside extends Error {}

/** Until the signal; resolves when everything it had begun has ended. */
export function keepBootProofs(service: Service, signal: AbortSignal): Promise<void> {
  const keeper = new BootProofKeeper(service, signal);
  return keepLooking(service, keeper, { failure: 'boot-proofs-not-kept', signal });
}

class BootProofKeeper implements Keeper {
  readonly #service: Service;
  readonly #signal: AbortSignal;
  /** By proof. */
  readonly #running = new Map<string, Running>();

  constructor(service: Service, signal: AbortSignal) {
    this.#service = service;
    this.#signal = signal;
  }

  async look(): Promise<void> {
    const { store, clock } = this.#service;
    const { db } = store;
    for await (const servers of eachServers(db)) {
      await this.#wantThoseDue(servers);
      // There may be thousands; whoever asks something meanwhile must not wait for all.
      await clock.sleep(0, this.#signal);
    }
    const hasLaunches = (await listUnfinishedJobs(db)).some(({ type }) => type === 'LAUNCH');
    for (const proof of await listOpenBootProofs(db)) {
      if (isUnfinished(proof)) await this.#lookAt(proof, hasLaunches);
      else await this.#takeBack(proof);
    }
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ work }) => work));
  }

  async #wantThoseDue(servers: readonly SourceServerRecord[]): Promise<void> {
    const ids = servers.map(({ sourceServerId }) => sourceServerId);
    const latestAtMs = await latestBootProofTimes(this.#service.store.db, ids);
    for (const server of servers) await this.#wantIfDue(server, latestAtMs.get(server.sourceServerId));
  }

  async #wantIfDue(server: SourceServerRecord, latestAtMs: number | undefined): Promise<void> {
    const { store, clock } = this.#service;
    const { lifeCycle, isArchived } = server;
    const isLaunchable = isReplicating(server) && viewServer(this.#service, server).lagMs !== null;
    if (!isLaunchable || isArchived || lifeCycle.state === 'CUTTING_OVER') return;
    const dueAtMs = nextBootProofAtMs(
      server,
      latestAtMs === undefined ? undefined : { createdAtMs: latestAtMs },
    );
    if (dueAtMs === undefined || clock.nowMs() < dueAtMs) return;
    const wish = { server, trigger: 'SCHEDULED', at: { kind: 'LATEST' } } as const;
    await store.transaction((tx) => beginBootProof(this.#service, tx, wish));
  }

  async #lookAt(proof: BootProofRecord, hasLaunches: boolean): Promise<void> {
    const { sourceServerId, bootProofId, trigger } = proof;
    const running = this.#running.get(bootProofId);
    const server = await findServer(this.#service.store.db, sourceServerId);
    if (server === undefined || !isReplicating(server)) {
      const ended = { code: 'BOOT_PROOF_FAILED', message: 'replication of the server was ended' };
      if (running !== undefined) return running.cancel.abort(new Error(ended.message));
      return this.#fail(proof, ended);
    }
    const stepsAside = hasLaunches && trigger !== 'BEFORE_CUTOVER';
    if (running !== undefined) {
      if (stepsAside) running.cancel.abort(new SteppedAside('a launch comes first'));
      return;
    }
    if (this.#service.clock.nowMs() < proof.nextAttemptAtMs) return;
    if (stepsAside) return this.#note(proof, 'a launch comes first');
    const choice = await this.#chooseHost(proof);
    if ('waitsFor' in choice) return this.#note(proof, choice.waitsFor);
    const run = { proof, server, ...choice };
    this.#start(proof, choice.launchHostId, (signal) => runBootProof(this.#service, run, signal));
  }

  /** What an attempt has left (B3), and what a newer proof has made superfluous (B5). */
  async #takeBack(proof: BootProofRecord): Promise<void> {
    const { bootProofId, held, sourceServerId, kept, pin } = proof;
    if (this.#running.has(bootProofId)) return;
    if (held.length > 0) {
      this.#start(proof, undefined, (signal) => releaseMachines(this.#service, proof, signal));
      return;
    }
    if (kept === undefined && pin === undefined) return;
    const { db } = this.#service.store;
    const server = await findServer(db, sourceServerId);
    const newest = await latestBootProof(db, sourceServerId, 'VERIFIED');
    const isWanted = server !== undefined && isReplicating(server) && newest?.bootProofId === bootProofId;
    if (isWanted) return;
    this.#start(proof, undefined, (signal) => giveUpPoint(this.#service, proof, signal));
  }

  #start(
    proof: BootProofRecord,
    launchHostId: string | undefined,
    action: (signal: AbortSignal) => Promise<void>,
  ): void {
    const { bootProofId } = proof;
    const cancel = new AbortController();
    const work = action(AbortSignal.any([cancel.signal, this.#signal]))
      .catch((error: unknown) => this.#interrupted(proof, cancel.signal.reason ?? error))
      .catch((error: unknown) => {
        if (!this.#signal.aborted) this.#service.log.error('boot-proof-broken', { bootProofId, error });
      })
      .finally(() => this.#running.delete(bootProofId));
    this.#running.set(bootProofId, { launchHostId, cancel, work });
  }

  /** An attempt that goes on after a restart stays where its machine is. */
  async #chooseHost({ attempt }: BootProofRecord) {
    if (attempt !== undefined) return { launchHostId: attempt.launchHostId };
    const busy = [...this.#running.values()].flatMap(({ launchHostId }) => launchHostId ?? []);
    return chooseProofHost(this.#service, new Set(busy));
  }

  async #interrupted(proof: BootProofRecord, error: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    const { clock, random, log } = this.#service;
    const { bootProofId, sourceServerId, trigger } = proof;
    const steppedAside = error instanceof SteppedAside;
    const reason = describeError(error);
    log.info('boot-proof-interrupted', { bootProofId, sourceServerId, reason });
    const attempts = proof.attempts + (steppedAside ? 0 : 1);
    if (attempts >= ATTEMPTS_MAX) await this.#fail(proof, errorOf(error));
    const backoff = trigger === 'BEFORE_CUTOVER' ? BACKOFF_OF_CUTOVER : BACKOFF;
    const waitMs = steppedAside ? 0 : backoffDelayMs(backoff, proof.attempts, random);
    await this.#change(proof, (before) => ({
      ...{ ...before, state: 'WAITING', reason, attempts, attempt: undefined },
      nextAttemptAtMs: clock.nowMs() + waitMs,
    }));
    await releaseMachines(this.#service, proof, this.#signal);
  }

  async #fail(proof: BootProofRecord, error: BootError): Promise<void> {
    const endedAtMs = this.#service.clock.nowMs();
    await this.#change(proof, (before) => ({
      ...{ ...before, state: 'FAILED', reason: undefined, error, endedAtMs },
    }));
  }

  async #note(proof: BootProofRecord, reason: string): Promise<void> {
    if (proof.reason === reason) return;
    this.#service.log.info('boot-proof-waits', { bootProofId: proof.bootProofId, reason });
    await this.#change(proof, (before) => ({ ...before, state: 'WAITING', reason }));
  }

  /** What has ended is not changed any more. */
  async #change(
    { bootProofId }: BootProofRecord,
    change: (before: BootProofRecord) => BootProofRecord,
  ): Promise<void> {
    if (this.#signal.aborted) return;
    await changeRecord(this.#service, bootProofId, this.#signal, (before) =>
      isUnfinished(before) ? change(before) : before,
    );
  }
}

function errorOf(error: unknown): BootError {
  if (!(error instanceof OperationError)) {
    return { code: 'BOOT_PROOF_FAILED', message: error instanceof Error ? error.message : String(error) };
  }
  const { code, message, hint } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
