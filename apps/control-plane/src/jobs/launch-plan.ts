/**
 * A launch: test, cutover, or from any recovery point. One machine id is chosen and recorded before anybody
 * hears of it, so every later step is about the same machine however often it runs.
 */

import { instanceId } from '@landfall/api';
import type { MachineDisk, MachineSpecification, MachineStatus } from '@landfall/channel';
import type { RecoveryPoint } from '@landfall/model';
import { assert, describeError, OperationError } from '@landfall/runtime';
import type { PlannedAction } from '../actions/post-launch-plan.ts';
import { bootProofScheduleOf } from '../boot-proofs/boot-proof-schedule.ts';
import { findVerified, listVerifiedPoints } from '../boot-proofs/verified-points.ts';
import { wantHydration } from '../hydration/hydration-wish.ts';
import { AGENT_NOT_SEEN_MS } from '../lifecycle/replication-view.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { saveJobServer } from '../store/jobs.ts';
import { changeMachine, findMachine, insertMachine } from '../store/machines.ts';
import type { Queries } from '../store/schema.ts';
import { changeServer, findServer } from '../store/source-servers.ts';
import { callProgram } from './call-program.ts';
import { chooseLaunchHost } from './choose-launch-host.ts';
import { type RunnablePlan, runnablePlan, type Step, type StepFailure, type StepRun } from './job-runner.ts';
import { endMachine, listHeldMachines } from './machine-cleanup.ts';
import { awaitPhase } from './machine-phase.ts';
import { type SpecifiedMachine, specifyMachine } from './machine-specification.ts';
import { awaitPostLaunch } from './post-launch-step.ts';
import { preparedBy, tellConversion } from './prepared-conversion.ts';
import { proveBoot } from './prove-boot.ts';

const MINUTE_MS = 60_000;
const CLEANUP_MS = 10 * MINUTE_MS;
const BARRIER_MS = MINUTE_MS;
/**
 * For an agent that was not heard of lately: it may be back any moment, but nobody should wait long for it.
 */
const BARRIER_AWAY_MS = 5000;
const RESOLVE_MS = 10 * MINUTE_MS;
/** Without a step. After a quarter of an hour the launch host itself tries again, or fails. */
const CONVERSION_MS = 20 * MINUTE_MS;
const START_MS = 15 * MINUTE_MS;
const RELEASE_MS = MINUTE_MS;

export interface LaunchState {
  readonly machineId: string;
  readonly launchHostId: string;
  readonly replicationServerId: string;
  readonly recoveryPoint: RecoveryPoint;
  readonly disks: readonly MachineDisk[];
  readonly specification: MachineSpecification;
  readonly actions: readonly PlannedAction[];
  readonly remarks: readonly string[];
  readonly status: MachineStatus;
}

export function launchPlan(service: Service): RunnablePlan {
  return runnablePlan<LaunchState>({
    steps: [
      planMachine(service),
      proveBoot(service),
      cleanUp(service),
      takeSnapshot(service),
      openExport(service),
      specify(service),
      convert(service),
      launch(service),
      runActions(service),
    ],
    succeed: (run, state) => recordLaunch(service, run, state),
    fail: (run, state, failure) => recordFailure(service, run, state, failure),
  });
}

function planMachine(service: Service): Step<LaunchState> {
  return {
    name: 'PLAN',
    run: async (run) => {
      const server = await requireServer(service, run);
      if (server.replicationServerId === null) throw noReplicationServer(server.sourceServerId);
      const { programId: launchHostId } = await chooseLaunchHost(service, await keptHostOf(service, run));
      await service.store.transaction((tx) =>
        saveJobServer(tx, { ...keyOf(run), launchStatus: 'IN_PROGRESS' }),
      );
      const { replicationServerId } = server;
      return { machineId: instanceId(service.random), launchHostId, replicationServerId };
    },
  };
}

/** A point that is named by its number may have its conversion kept somewhere. */
async function keptHostOf(service: Service, { job, sourceServerId }: StepRun): Promise<string | undefined> {
  const { at } = job;
  if (at.kind !== 'EPOCH') return undefined;
  const verified = await listVerifiedPoints(service.store.db, sourceServerId);
  return verified.find(({ recoveryPoint, kept }) => kept && recoveryPoint.epoch === at.epoch)?.kept
    ?.launchHostId;
}

/**
 * A machine that cannot be ended does not hold up the launch: it stays on record and the next clean-up tries
 * again.
 */
function cleanUp(service: Service): Step<LaunchState> {
  return {
    name: 'CLEANUP',
    run: async (run, { machineId }) => {
      const machines = await listHeldMachines(service, run.sourceServerId, machineId);
      if (machines.length === 0) return {};
      await run.log('CLEANUP_START');
      try {
        for (const machine of machines) {
          await endMachine(service, machine, { timeoutMs: CLEANUP_MS, signal: run.signal });
        }
        await run.log('CLEANUP_END');
      } catch (error) {
        run.signal.throwIfAborted();
        service.log.warn('cleanup-failed', { ...keyOf(run), error });
        await run.log('CLEANUP_FAIL', { rawError: describeError(error) });
      }
      return {};
    },
  };
}

function takeSnapshot(service: Service): Step<LaunchState> {
  return {
    name: 'SNAPSHOT',
    run: async (run, state) => {
      await run.log('SNAPSHOT_START');
      if (run.job.at.kind !== 'LATEST') return { recoveryPoint: await resolvePoint(service, run, state) };
      try {
        return { recoveryPoint: await takeBarrier(service, run) };
      } catch (error) {
        run.signal.throwIfAborted();
        await run.log('SNAPSHOT_FAIL', { rawError: describeError(error) });
        const recoveryPoint = await resolvePoint(service, run, state);
        await run.log('USING_PREVIOUS_SNAPSHOT');
        return { recoveryPoint };
      }
    },
  };
}

/** Nothing the source had written when the launch was asked for is missing from this point. */
async function takeBarrier(service: Service, run: StepRun): Promise<RecoveryPoint> {
  const agent = { role: 'agent', programId: run.sourceServerId } as const;
  const seenAtMs = service.reports.last('agent', run.sourceServerId)?.atMs ?? 0;
  const isHere = service.clock.nowMs() - seenAtMs < AGENT_NOT_SEEN_MS;
  const timeoutMs = isHere ? BARRIER_MS : BARRIER_AWAY_MS;
  return callProgram(service, agent, 'takeRecoveryPoint', {}, { timeoutMs, signal: run.signal });
}

function resolvePoint(service: Service, run: StepRun, state: Partial<LaunchState>): Promise<RecoveryPoint> {
  const to = { role: 'replication-server', programId: known(state.replicationServerId) } as const;
  const input = { sourceServerId: run.sourceServerId, at: run.job.at };
  return callProgram(service, to, 'resolveRecoveryPoint', input, {
    timeoutMs: RESOLVE_MS,
    signal: run.signal,
  });
}

function openExport(service: Service): Step<LaunchState> {
  return {
    name: 'EXPORT',
    run: async (run, state) => {
      const machineId = known(state.machineId);
      const recoveryPoint = known(state.recoveryPoint);
      const replicationServerId = known(state.replicationServerId);
      await service.store.transaction((tx) =>
        insertMachine(tx, {
          machineId,
          sourceServerId: run.sourceServerId,
          jobId: run.job.jobId,
          launchHostId: known(state.launchHostId),
          replicationServerId,
          onHost: false,
          exportOpen: true,
          createdAtMs: service.clock.nowMs(),
          purpose: purposeOf(run),
          recoveryPoint,
          status: null,
        }),
      );
      const to = { role: 'replication-server', programId: replicationServerId } as const;
      const input = { exportId: machineId, sourceServerId: run.sourceServerId, epoch: recoveryPoint.epoch };
      const options = { timeoutMs: RESOLVE_MS, signal: run.signal };
      const { disks } = await callProgram(service, to, 'openExport', input, options);
      await run.log('SNAPSHOT_END');
      return { disks };
    },
  };
}

/** What is asked for is on record before the launch host hears of it, and stays the same. */
function specify(service: Service): Step<LaunchState> {
  return {
    name: 'SPECIFICATION',
    run: async (run, state) => {
      const server = await requireServer(service, run);
      const specified = await specifyMachine(service, server, {
        machineId: known(state.machineId),
        launchHostId: known(state.launchHostId),
        purpose: purposeOf(run),
        disks: known(state.disks),
      });
      const { specification, remarks, postLaunch } = specified;
      await service.store.transaction((tx) => recordSpecified(tx, run, specified));
      const { signsOfLife } = bootProofScheduleOf(server);
      return { specification: { ...specification, signsOfLife }, remarks, actions: postLaunch.actions };
    },
  };
}

function convert(service: Service): Step<LaunchState> {
  return {
    name: 'CONVERSION',
    run: async (run, state) => {
      const conversionServerID = known(state.launchHostId);
      await run.log('CONVERSION_START', { conversionServerID });
      const point = known(state.recoveryPoint);
      const verified = await findVerified(service, run.sourceServerId, point);
      const prepared = preparedBy(verified, run.sourceServerId, point);
      const specification = { ...known(state.specification), ...prepared };
      await service.store.transaction((tx) => changeMachine(tx, specification.machineId, { onHost: true }));
      const target = { launchHostId: conversionServerID, specification };
      const phases = ['CONVERTED', 'STARTING', 'RUNNING', 'STOPPED'] as const;
      const status = await awaitPhase(service, target, phases, {
        timeoutMs: CONVERSION_MS,
        signal: run.signal,
      });
      await service.store.transaction((tx) => changeMachine(tx, specification.machineId, { status }));
      const told = tellConversion(verified, status);
      await run.log('CONVERSION_END', {
        conversionServerID,
        ...(told === undefined ? {} : { rawError: told }),
      });
      return {};
    },
  };
}

function launch(service: Service): Step<LaunchState> {
  return {
    name: 'LAUNCH',
    run: async (run, state) => {
      const specification = known(state.specification);
      const remarks = state.remarks ?? [];
      const told = remarks.length === 0 ? {} : { rawError: remarks.join('; ') };
      await run.log('LAUNCH_START', { targetInstanceID: specification.machineId, ...told });
      const target = { launchHostId: known(state.launchHostId), specification };
      const options = { timeoutMs: START_MS, signal: run.signal };
      return { status: await awaitPhase(service, target, ['RUNNING', 'STOPPED'], options) };
    },
  };
}

/** A machine that is not to be started runs nothing yet: it will at its first start. */
function runActions(service: Service): Step<LaunchState> {
  return {
    name: 'POST_LAUNCH',
    run: async (run, state) => {
      const { actions = [] } = state;
      const specification = known(state.specification);
      if (actions.length === 0 || known(state.status).phase === 'STOPPED') return {};
      const launchHostId = known(state.launchHostId);
      return { status: await awaitPostLaunch(service, run, { launchHostId, specification, actions }) };
    },
  };
}

async function recordSpecified(
  tx: Queries,
  run: StepRun,
  { specification, instanceType, tags, made, hydration, postLaunch }: SpecifiedMachine,
): Promise<void> {
  const { machineId } = specification;
  const { actions } = postLaunch;
  await changeMachine(tx, machineId, { instanceType, tags, made, hydration });
  const planned = actions.length === 0 ? {} : { postLaunch: { actions, outcomes: [] } };
  await saveJobServer(tx, { ...keyOf(run), launchStatus: 'IN_PROGRESS', machineId, ...planned });
}

async function recordLaunch(service: Service, run: StepRun, state: Partial<LaunchState>): Promise<void> {
  const machineId = known(state.machineId);
  const status = known(state.status);
  const firstBoot = status.phase === 'STOPPED' ? 'STOPPED' : 'UNKNOWN';
  run.signal.throwIfAborted();
  await service.store.transaction(async (tx) => {
    await changeMachine(tx, machineId, { status });
    await wantHydration(service, tx, machineId);
    await saveJobServer(tx, { ...keyOf(run), launchStatus: 'LAUNCHED', machineId });
    await changeServer(tx, run.sourceServerId, (server) => ({
      ...server,
      launched: { machineId, jobId: run.job.jobId, firstBoot },
    }));
  });
}

async function recordFailure(
  service: Service,
  run: StepRun,
  state: Partial<LaunchState>,
  failure: StepFailure,
): Promise<void> {
  const { rawError } = failure;
  service.log.warn('launch-failed', { ...keyOf(run), ...failure });
  if (failure.step === 'BOOT_PROOF') await run.log('BOOT_PROOF_FAIL', { rawError });
  if (failure.step === 'SNAPSHOT' || failure.step === 'EXPORT') await run.log('SNAPSHOT_FAIL', { rawError });
  if (failure.step === 'CONVERSION') await run.log('CONVERSION_FAIL', { rawError });
  await run.log('LAUNCH_FAILED', { rawError });
  await releaseFailed(service, run, state);
  run.signal.throwIfAborted();
  const machineId = state.machineId === undefined ? {} : { machineId: state.machineId };
  await service.store.transaction((tx) =>
    saveJobServer(tx, { ...keyOf(run), launchStatus: 'FAILED', ...machineId }),
  );
}

/** What a failed launch holds is given back at once if it can be; else the next clean-up does it. */
async function releaseFailed(service: Service, run: StepRun, state: Partial<LaunchState>): Promise<void> {
  if (state.machineId === undefined) return;
  const machine = await findMachine(service.store.db, state.machineId);
  if (machine === undefined) return;
  try {
    await endMachine(service, machine, { timeoutMs: RELEASE_MS, signal: run.signal });
  } catch (error) {
    service.log.warn('failed-launch-not-released', { ...keyOf(run), machineId: machine.machineId, error });
  }
}

async function requireServer(service: Service, run: StepRun): Promise<SourceServerRecord> {
  const server = await findServer(service.store.db, run.sourceServerId);
  if (server !== undefined) return server;
  throw new OperationError('SERVER_UNKNOWN', `source server ${run.sourceServerId} is no longer there`, {
    hint: 'it was deleted while the job ran',
  });
}

function purposeOf({ job }: StepRun): 'TEST' | 'CUTOVER' {
  return job.initiatedBy === 'START_CUTOVER' ? 'CUTOVER' : 'TEST';
}

function keyOf({ job, sourceServerId }: StepRun) {
  return { jobId: job.jobId, sourceServerId };
}

function known<Value>(value: Value | undefined): Value {
  assert(value !== undefined, 'J2: an earlier step has found it');
  return value;
}

function noReplicationServer(sourceServerId: string): OperationError {
  return new OperationError('REPLICATION_SERVER_MISSING', `${sourceServerId} is on no replication server`, {
    hint: 'start a replication server and wait for the first recovery point',
  });
}
