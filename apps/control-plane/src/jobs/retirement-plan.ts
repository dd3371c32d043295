/**
 * What goes on behind a server that was finalized, disconnected or stopped: launched machines are made whole,
 * then its bytes in staging are given back. Not a job of the public API; DescribeJobs does not show it.
 *
 * T1 Staging is discarded only after every machine that reads it is complete by itself or gone.
 * T2 It does not give up: what fails keeps the staging and is tried again, for weeks.
 */
import { assert, OperationError, retry } from '@landfall/runtime';
import type { Service } from '../service.ts';
import { changeMachine, type MachineRecord } from '../store/machines.ts';
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
      return { replicationServerId: server?.replicationServerId ?? null };
    },
  };
}

function hydrate(service: Service): Step<RetirementState> {
  return {
    name: 'HYDRATE',
    run: async (run) => {
      const machines = await listHeldMachines(service, run.sourceServerId);
      const options = { timeoutMs: HYDRATE_MS, signal: run.signal };
      await Promise.all(machines.map((machine) => makeWhole(service, machine, options)));
      return {};
    },
  };
}

async function makeWhole(service: Service, machine: MachineRecord, options: CallOptions): Promise<void> {
  if (!machine.onHost || !machine.exportOpen) return;
  const { clock } = service;
  const { machineId } = machine;
  const host = { role: 'launch-host', programId: machine.launchHostId } as const;
  const deadlineMs = clock.nowMs() + options.timeoutMs;
  for (;;) {
    const status = await callProgram(service, host, 'hydrateMachine', { machineId }, options);
    if (status.hydration.state === 'COMPLETE' || status.phase === 'TERMINATED' || status.phase === 'FAILED') {
      const onHost = status.phase !== 'TERMINATED';
      await service.store.transaction((tx) => changeMachine(tx, machineId, { status, onHost }));
      return;
    }
    if (clock.nowMs() >= deadlineMs) throw notWhole(machineId);
    await clock.sleep(ASK_EVERY_MS, options.signal);
  }
}

/**
 * Exports close; machines that failed to launch end, launched ones stay: they need nothing of ours any more.
 */
function release(service: Service): Step<RetirementState> {
  return {
    name: 'RELEASE',
    run: async (run) => {
      const options = { timeoutMs: RELEASE_MS, signal: run.signal };
      const machines = await listHeldMachines(service, run.sourceServerId);
      for (const machine of machines.filter(({ exportOpen }) => exportOpen)) {
        if (machine.onHost && machine.status?.hydration.state !== 'COMPLETE') {
          await endMachine(service, machine, options);
        } else {
          await closeExport(service, machine, options);
        }
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
