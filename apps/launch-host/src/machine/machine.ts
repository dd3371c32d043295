/**
 * One machine, from its specification to its end. Two things happen to it: the *launch*, long and in the
 * background (overlays, conversion, start), and short *turns*, one after the other (refresh, hydrate,
 * terminate).
 *
 *   CONVERTING ──▶ CONVERTED ──▶ STARTING ──▶ RUNNING ──▶ STOPPED (the guest powered off)
 *       │              └─ disposition STOPPED ─▶ STOPPED      └──▶ FAILED  (it died, the guest panicked)
 *       └──▶ FAILED (overlays removed; the view was never written)
 *
 * Every step is recorded before it begins and may be repeated, so a launch goes on after a restart from where
 * it was.
 */
import { join } from 'node:path';
import type { MachineSpecification, MachineStatus, PowerCommand } from '@landfall/channel';
import { CONSOLE_LOG, type MachineHost } from '@landfall/launch';
import { describeError, OperationError } from '@landfall/runtime';
import { keepDisks } from '../conversion/file-kept-disks.ts';
import type { HostServices } from '../host-services.ts';
import { LifeWatch } from '../life/machine-life.ts';
import { readTail, removeFile, unknownMachine } from './file-machine-store.ts';
import { emptyScriptsDisk, removeScriptsDisk } from './file-scripts-disk.ts';
import { type MachineContext, overlayName, placeOf } from './machine-context.ts';
import { hydrateOnce, wantHydration } from './machine-hydration.ts';
import { convertMachine, startMachine } from './machine-launch.ts';
import { observePostLaunch } from './machine-post-launch.ts';
import { changePower } from './machine-power.ts';
import { type MachineRecord, toStatus, withoutError } from './machine-record.ts';
import { observe } from './machine-supervision.ts';

/** A machine that keeps dying is not started again for ever. */
const RESTARTS_MAX = 3;

export class Machine {
  readonly #services: HostServices;
  #current: MachineRecord;
  #launch: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #saved: Promise<unknown> = Promise.resolve();
  readonly #cancelled = new AbortController();
  readonly #lifeWatch = new LifeWatch();
  /** How it is found again; absent: it was, or it is new. */
  #attach: (() => Promise<void>) | undefined;
  /** Why it could not be: told in its place until it could. */
  #trouble: MachineStatus['error'];

  constructor(services: HostServices, record: MachineRecord) {
    this.#services = services;
    this.#current = record;
  }

  get #record(): MachineRecord {
    return this.#current;
  }

  set #record(record: MachineRecord) {
    const revision = Math.max(this.#current.revision + 1, this.#services.clock.nowMs());
    this.#current = { ...record, revision };
  }

  get specification(): MachineSpecification {
    return this.#record.specification;
  }

  get status(): MachineStatus {
    const status = toStatus(this.#record);
    return this.#trouble === undefined ? status : { ...status, error: this.#trouble };
  }

  /** Goes on with whatever this machine was doing, or was asked for. */
  async ensure(specification: MachineSpecification): Promise<MachineStatus> {
    if (!(await this.#isAttached())) return this.status;
    if (this.#launch === undefined) await this.#inTurn(() => this.#prepareAgain(specification));
    this.resume();
    return this.status;
  }

  /** After a restart of the launch host: picks up a launch that was under way. */
  resume(): void {
    if (this.#launch !== undefined || !this.#isUnderWay || this.#cancelled.signal.aborted) return;
    this.#launch = this.#runLaunch().finally(() => {
      this.#launch = undefined;
    });
  }

  /**
   * After a restart of the launch host: finds the machine, or ends what is left of one that was terminated.
   * What fails is told in its status, and tried again at every look.
   */
  async reattach({ isTerminated }: { readonly isTerminated: boolean }): Promise<void> {
    this.#attach = isTerminated ? () => this.#endAgain() : () => this.#findAgain();
    await this.#isAttached();
  }

  async #isAttached(): Promise<boolean> {
    if (this.#attach === undefined) return true;
    try {
      await this.#inTurn(async () => this.#attach?.());
      this.#attach = undefined;
      this.#tell(undefined);
    } catch (error) {
      const failure = toFailure(error);
      const { machineId } = this.specification;
      if (failure.message !== this.#trouble?.message)
        this.#services.logger.error('machine-reattach-failed', { machineId, error });
      this.#tell(failure);
    }
    return this.#attach === undefined;
  }

  #tell(trouble: MachineStatus['error']): void {
    if (this.#trouble?.message === trouble?.message) return;
    this.#trouble = trouble;
    this.#record = { ...this.#record };
  }

  /** A machine that ran while the host itself was restarted runs again. */
  async #findAgain(): Promise<void> {
    const { phase, hostBootId, powerRequest } = this.#record;
    const isRunning = await this.#host.find(placeOf(this.#context()));
    const isWanted = phase === 'RUNNING' && powerRequest === undefined;
    if (isWanted && !isRunning && hostBootId !== this.#services.hostBootId) {
      await this.#update({ phase: 'STARTING' });
    }
    this.resume();
  }

  /** Looks at the machine, and does what is due: notices its end, fills in its disks. */
  async refresh(): Promise<MachineStatus> {
    if (!(await this.#isAttached())) return this.status;
    if (this.#launch === undefined) await this.#inTurn(() => this.#refreshNow());
    this.resume();
    return this.status;
  }

  /** Its power, on, off, or off and on again; not while it is being launched. */
  async power(command: PowerCommand): Promise<MachineStatus> {
    await this.#inTurn(() => changePower(this.#context(), command));
    this.resume();
    return this.status;
  }

  async hydrate(bandwidthBytesPerSecond: number | undefined): Promise<MachineStatus> {
    if (!this.#record.conversion.done) throw notReady(this.status);
    await this.#inTurn(() => wantHydration(this.#context(), bandwidthBytesPerSecond ?? null));
    return await this.refresh();
  }

  async terminate(): Promise<MachineStatus> {
    this.#cancelled.abort(new OperationError('LAUNCH_CANCELLED', 'the machine was terminated'));
    await this.#launch;
    await this.#inTurn(() => this.#endNow());
    this.#attach = undefined;
    this.#trouble = undefined;
    return this.status;
  }

  async #endAgain(): Promise<void> {
    this.#cancelled.abort(new OperationError('LAUNCH_CANCELLED', 'the machine was terminated'));
    await this.#endNow();
  }

  async #endNow(): Promise<void> {
    await this.#host.remove(placeOf(this.#context()));
    await removeScriptsDisk(this.folder);
    await keepDisks(this.#services, this.#record);
    this.#record = { ...withoutError(this.#record), phase: 'TERMINATED', published: [] };
    await this.#services.store.remove(this.#record);
    this.#services.logger.info('machine-terminated', { machineId: this.#record.specification.machineId });
  }

  async readConsole(tailBytes: number): Promise<string> {
    return await readTail(join(this.folder, CONSOLE_LOG), tailBytes);
  }

  async takeScreenshot(): Promise<Buffer> {
    const place = placeOf(this.#context());
    if (!(await this.#host.find(place))) throw notRunning(this.status);
    return await this.#inTurn(() => this.#host.takeScreenshot(place));
  }

  /** Resolves when a launch that is under way has ended, well or not. */
  async settled(): Promise<void> {
    await this.#launch;
  }

  /** Stops what we do for this machine, not the machine. */
  async release(): Promise<void> {
    this.#cancelled.abort(new OperationError('LAUNCH_CANCELLED', 'the launch host is stopping'));
    await this.#launch;
    await this.#lifeWatch.settled();
    await this.#turn;
  }

  get #isUnderWay(): boolean {
    return ['CONVERTING', 'CONVERTED', 'STARTING'].includes(this.#record.phase);
  }

  get #host(): MachineHost {
    return this.#services.host;
  }

  get folder(): string {
    return this.#services.store.folderOf(this.#record.specification.machineId);
  }

  /** What a repeated request changes: a stopped machine is started, one that died is started again. */
  async #prepareAgain(specification: MachineSpecification): Promise<void> {
    const { phase, conversion, restarts, startedAtMs } = this.#record;
    // A launch may wait long for its turn: whoever asked is told of it even after a restart.
    if (phase === 'CONVERTING' && this.#launch === undefined) await this.#update({});
    if (phase === 'STOPPED' && specification.disposition === 'STARTED') {
      await this.#host.stop(placeOf(this.#context()));
      await this.#update({
        phase: 'STARTING',
        specification: { ...this.#record.specification, disposition: 'STARTED' },
      });
    }
    if (phase === 'FAILED' && conversion.done && startedAtMs !== null && restarts < RESTARTS_MAX) {
      await this.#host.stop(placeOf(this.#context()));
      this.#record = withoutError(this.#record);
      await this.#update({ phase: 'STARTING', restarts: restarts + 1 });
    }
  }

  async #runLaunch(): Promise<void> {
    const { signal } = this.#cancelled;
    try {
      if (!this.#record.conversion.done) await convertMachine(this.#context(), signal);
      if (this.#record.specification.disposition === 'STOPPED') await this.#update({ phase: 'STOPPED' });
      else await startMachine(this.#context(), signal);
    } catch (error) {
      if (!signal.aborted) await this.#launchFailed(error);
    }
  }

  async #launchFailed(error: unknown): Promise<void> {
    const { logger, store } = this.#services;
    const { machineId, disks } = this.#record.specification;
    logger.error('launch-failed', { machineId, error });
    if (!this.#record.conversion.done) {
      for (const disk of disks) await removeFile(join(store.folderOf(machineId), overlayName(disk.diskId)));
    }
    await this.#update({ phase: 'FAILED', error: toFailure(error) });
  }

  async #refreshNow(): Promise<void> {
    if (this.#record.phase === 'TERMINATED') return;
    await observe(this.#context());
    // What fills in the disks must not be taken for the machine that is about to be started.
    if (this.#isUnderWay) return;
    await observePostLaunch(this.#context());
    await emptyScriptsDisk(this.#context());
    this.#lifeWatch.look(this.#context(), (action) => this.#inTurn(action));
    await hydrateOnce(this.#context());
  }

  #context(): MachineContext {
    return {
      services: this.#services,
      folder: this.folder,
      record: () => this.#record,
      update: (change) => this.#update(change),
      replace: (record) => this.#replace(record),
      show: (change) => {
        this.#record = { ...this.#record, ...change };
      },
    };
  }

  async #update(change: Partial<MachineRecord>): Promise<void> {
    await this.#replace({ ...this.#record, ...change });
  }

  async #replace(record: MachineRecord): Promise<void> {
    this.#record = record;
    // One write after the other: a launch and a turn may both have something to record.
    const saved = this.#saved.then(() => this.#services.store.save(this.#record));
    this.#saved = saved.then(
      () => undefined,
      () => undefined,
    );
    await saved;
  }

  async #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(action, action);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return await turn;
  }
}

export function toFailure(error: unknown): NonNullable<MachineStatus['error']> {
  if (!(error instanceof OperationError)) return { code: 'LAUNCH_FAILED', message: describeError(error) };
  const { code, message, hint } = error;
  return hint === undefined ? { code, message } : { code, message, hint };
}

function notReady(status: MachineStatus): OperationError {
  return new OperationError(
    'MACHINE_NOT_READY',
    `machine ${status.machineId} is ${status.phase}: it has no disks to fill in yet`,
    {
      hint: 'wait until the machine was converted',
      retryable: status.phase !== 'FAILED' && status.phase !== 'TERMINATED',
    },
  );
}

function notRunning(status: MachineStatus): OperationError {
  if (status.phase === 'TERMINATED') return unknownMachine(status.machineId);
  return new OperationError(
    'MACHINE_NOT_READY',
    `machine ${status.machineId} is ${status.phase}: it has no screen`,
    {
      hint: 'start the machine first',
      retryable: true,
    },
  );
}
