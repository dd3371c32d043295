/**
 * What goes on behind a server that was finalized, disconnected or stopped: launched machines are made whole,
 * then its bytes in staging are given back. Not a job of the public API; DescribeJobs does not show it.
 *
 * T1 Staging is discarded only after every machine that reads it is complete by itself or gone.
 * T2 It does not give up: what fails keeps the staging and is tried again, for weeks.
 * T3 Ended are only machines that never ran, of failed launches: what others have written is nowhere else.
 */
import type { MachineStatus } from '@landfall/channel';
import { assert, OperationError, retry } from '@landfall/runtime';
import { hydrationOrder } from '../hydration/hydration-wish.ts';
import type { Service } from '../service.ts';
import { changeMachine, findMachine, type MachineRecord } from '../store/machines.ts';
import { changeServer, findServer } from '../store/source-servers.ts';
import { type CallOptions, callProgram } from './call-program.ts';
import { type RunnablePlan, runnablePlan, type Step, type StepRun } from './job-runner.ts';
import { closeExport, endMachine, listHeldMachines } from './machine-cleanup.ts';

const ASK_EVERY_MS = 1000;
const DAY_MS = 24 * 3_600_000;
const HYDRATE_MS = 7 * DAY_MS;
const RELEASE_MS = 7 * DAY_MS;
const ATTEMPTS_MAX = 10_000;
const BACKOFF = { initialMs: 1000, maximumMs: 5 * 60_000 };

interface RetirementState {
  readonly replicationServerId: string | null;
  /** The machine that the server became, whether it runs or not. */
  readonly launchedMachineId: string | null;
}

interface Retiring extends CallOptions {
  readonly launchedMachineId: string | null;
}

export function retirementPlan(service: Service): RunnablePlan {
  return runnablePlan<RetirementState>({
    steps: [findStaging(service), hydrate(service), release(service), discard(service)].map((step) =>
      persistent(service, step),
    ),
    succeed: (run) => recordDiscarded(service, run),
    fail: async ({ sourceServerId }, _state, failure) => {
      service.log.error('staging-kept', { sourceServerId, ...failure });
    },
  });
}

function persistent(service: Service, step: Step<RetirementState>): Step<RetirementState> {
  const { clock, log } = service;
  return {
    name: step.name,
    run: (run, state) =>
      retry(() => step.run(run, state), {
        attemptsMax: ATTEMPTS_MAX,
        backoff: BACKOFF,
        signal: run.signal,
        clock,
        onRetry: (error) =>
          log.warn('retirement-retried', { sourceServerId: run.sourceServerId, step: step.name, error }),
      }),
  };
}

/** Recorded first, because the server itself may be deleted while this goes on. */
function findStaging({ store }: Service): Step<RetirementState> {
  return {
    name: 'FIND_STAGING',
    run: async ({ sourceServerId }) => {
      const server = await findServer(store.db, sourceServerId);
      const launchedMachineId = server?.launched?.machineId ?? null;
      return { replicationServerId: server?.replicationServerId ?? null, launchedMachineId };
    },
  };
}

function hydrate(service: Service): Step<RetirementState> {
  return {
    name: 'HYDRATE',
    run: async ({ sourceServerId, signal }, { launchedMachineId = null }) => {
      const machines = await listHeldMachines(service, sourceServerId);
      const retiring = { launchedMachineId, timeoutMs: HYDRATE_MS, signal };
      const exported = machines.filter(({ exportOpen }) => exportOpen);
      await Promise.all(exported.map((machine) => makeWhole(service, machine, retiring)));
      return {};
    },
  };
}

/**
 * Answers once the machine needs nothing of ours any more, or is gone; false: nothing of it is worth keeping
 * (T3). One that has died is filled in as well, by its launch host, and may be started again.
 */
async function makeWhole(service: Service, machine: MachineRecord, retiring: Retiring): Promise<boolean> {
  if (!machine.onHost || machine.status?.hydration.state === 'COMPLETE') return true;
  const { clock, store } = service;
  const { machineId } = machine;
  const deadlineMs = clock.nowMs() + retiring.timeoutMs;
  for (let wasFailed = false; ; ) {
    const status = await fillIn(service, machine, retiring);
    if (status === undefined) return false;
    const { phase, error, hydration } = status;
    const onHost = phase !== 'TERMINATED';
    const isFailed = phase === 'FAILED';
    if (!onHost || hydration.state === 'COMPLETE' || isFailed !== wasFailed) {
      await store.transaction((tx) => changeMachine(tx, machineId, { status, onHost }));
    }
    if (!onHost || hydration.state === 'COMPLETE') return true;
    if (isFailed && !wasFailed) service.log.warn('failed-machine-awaited', { machineId, hydration, error });
    wasFailed = isFailed;
    if (clock.nowMs() >= deadlineMs) throw notWhole(machineId);
    await clock.sleep(ASK_EVERY_MS, retiring.signal);
  }
}

/** How far it is, told to go on; `undefined`: it never ran, and no disks of it will come to be. */
async function fillIn(
  service: Service,
  machine: MachineRecord,
  retiring: Retiring,
): Promise<MachineStatus | undefined> {
  const { machineId } = machine;
  const host = { role: 'launch-host', programId: machine.launchHostId } as const;
  const isLaunched = machineId === retiring.launchedMachineId;
  try {
    const status = await callProgram(service, host, 'describeMachine', { machineId }, retiring);
    if (status.phase === 'TERMINATED') return status;
    const isUnused = status.startedAtMs === null && ['CONVERTING', 'FAILED'].includes(status.phase);
    if (isUnused && !isLaunched) return undefined;
    // The limit may be another one than when this began.
    const current = (await findMachine(service.store.db, machineId)) ?? machine;
    return await callProgram(service, host, 'hydrateMachine', hydrationOrder(current), retiring);
  } catch (error) {
    // Its launch may have ended before the launch host heard of it; else the host has lost it.
    const isUnknown = error instanceof OperationError && error.code === 'MACHINE_UNKNOWN';
    const hasRun = isLaunched || typeof machine.status?.startedAtMs === 'number';
    if (!isUnknown || hasRun) throw error;
    return undefined;
  }
}

/**
 * Exports close; machines that failed to launch end, launched ones stay: they need nothing of ours any more.
 */
function release(service: Service): Step<RetirementState> {
  return {
    name: 'RELEASE',
    run: async ({ sourceServerId, signal }, { launchedMachineId = null }) => {
      const retiring = { launchedMachineId, timeoutMs: RELEASE_MS, signal };
      const machines = await listHeldMachines(service, sourceServerId);
      for (const machine of machines.filter(({ exportOpen }) => exportOpen)) {
        if (await makeWhole(service, machine, retiring)) await closeExport(service, machine, retiring);
        else await endMachine(service, machine, retiring);
      }
      return {};
    },
  };
}

function discard(service: Service): Step<RetirementState> {
  return {
    name: 'DISCARD',
    run: async ({ sourceServerId, signal }, { replicationServerId }) => {
      const held = await listHeldMachines(service, sourceServerId);
      assert(!held.some((machine) => machine.exportOpen), 'T1: no export is open when staging is discarded');
      if (replicationServerId === null || replicationServerId === undefined) return {};
      const to = { role: 'replication-server', programId: replicationServerId } as const;
      const options = { timeoutMs: RELEASE_MS, signal };
      const { freedBytes } = await callProgram(service, to, 'discardServer', { sourceServerId }, options);
      service.log.info('staging-discarded', { sourceServerId, freedBytes });
      return {};
    },
  };
}

async function recordDiscarded(service: Service, run: StepRun): Promise<void> {
  run.signal.throwIfAborted();
  const nowMs = service.clock.nowMs();
  await service.store.transaction(async (tx) => {
    await changeServer(tx, run.sourceServerId, (server) => ({
      ...server,
      replicationServerId: null,
      stagingDiscardedAtMs: nowMs,
    }));
  });
}

function notWhole(machineId: string): OperationError {
  return new OperationError(
    'HYDRATION_TIMED_OUT',
    `the disks of machine ${machineId} are still not complete`,
    {
      hint: 'look at the log of its launch host; staging is kept until they are',
      retryable: true,
    },
  );
}
