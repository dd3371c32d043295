/** One attempt of a proof of boot, from the recovery point to the verdict; what it repeats is idempotent. */
import { instanceId } from '@landfall/api';
import type { MachineSpecification, MachineStatus } from '@landfall/channel';
import { describeError, OperationError } from '@landfall/runtime';
import { mayRunScripts } from '../actions/post-launch-plan.ts';
import { callProgram } from '../jobs/call-program.ts';
import { describeOrEnsure } from '../jobs/machine-phase.ts';
import { dataInStep } from '../launch/server-template.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import {
  type BootAttempt,
  type BootProofRecord,
  type BootVerdict,
  findBootProof,
  saveScreenshot,
} from '../store/boot-proofs.ts';
import { listActions } from '../store/post-launch-actions.ts';
import { changeAttempt, changeRecord } from './boot-proof-record.ts';
import { judge, specifyProofMachine } from './proof-machine.ts';
import { scriptsOf } from './proof-scripts.ts';
import { nameOf, PIN_NAME, releaseMachines } from './release-boot-proof.ts';
import { keptNameOf } from './verified-points.ts';

const MINUTE_MS = 60_000;
const ASK_MS = MINUTE_MS;
const ASK_EVERY_MS = 1000;
/** Launches come first: its conversion may have to wait for several. */
const CONVERSION_MS = 60 * MINUTE_MS;
const CONSOLE_TAIL_BYTES = 16 * 1024;
const SCREENSHOT_CHARACTERS_MAX = 4 * 1024 * 1024;

export interface BootProofRun {
  readonly proof: BootProofRecord;
  readonly server: SourceServerRecord;
  readonly launchHostId: string;
}

/** Errors: those of the programs it asks, and of a machine that came to no verdict. */
export async function runBootProof(service: Service, run: BootProofRun, signal: AbortSignal): Promise<void> {
  const { bootProofId } = run.proof;
  const attempt = run.proof.attempt ?? (await beginAttempt(service, run, signal));
  const verdict = attempt.verdict ?? (await reachVerdict(service, run, attempt, signal));
  if (verdict.life !== undefined) await pin(service, run, attempt, signal);
  const proof = (await findBootProof(service.store.db, bootProofId)) ?? run.proof;
  await releaseMachines(service, proof, signal);
  await end(service, run, { ...attempt, verdict }, signal);
}

async function beginAttempt(service: Service, run: BootProofRun, signal: AbortSignal): Promise<BootAttempt> {
  const { proof, server, launchHostId } = run;
  const { replicationServerId, sourceServerId } = server;
  if (replicationServerId === null) throw noReplicationServer(sourceServerId);
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const options = { timeoutMs: ASK_MS, signal };
  const input = { sourceServerId, at: proof.at };
  const recoveryPoint = await callProgram(service, to, 'resolveRecoveryPoint', input, options);
  const beganAtMs = service.clock.nowMs();
  const held = { machineId: instanceId(service.random), launchHostId, replicationServerId };
  const attempt: BootAttempt = { ...held, recoveryPoint, beganAtMs };
  // B3: on record before anybody hears of it.
  await changeRecord(service, proof.bootProofId, signal, (before) => ({
    ...{ ...before, state: 'RUNNING', reason: undefined, attempt },
    held: [...before.held, held],
  }));
  return attempt;
}

async function reachVerdict(
  service: Service,
  run: BootProofRun,
  attempt: BootAttempt,
  signal: AbortSignal,
): Promise<BootVerdict> {
  const { bootProofId } = run.proof;
  const { machineId, replicationServerId, launchHostId, recoveryPoint } = attempt;
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const { sourceServerId } = run.server;
  const input = { exportId: machineId, sourceServerId, epoch: recoveryPoint.epoch };
  const { disks } = await callProgram(service, to, 'openExport', input, { timeoutMs: ASK_MS, signal });
  const host = service.reports.last('launch-host', launchHostId)?.report;
  const specification = specifyProofMachine(run.server, run.proof, attempt, {
    ...{ disks, host, sizes: service.sizes },
    ...(await service.store.transaction(async (tx) => ({
      scripts: await scriptsOf(tx, run.proof),
      preparesForScripts: mayRunScripts({
        settings: run.server.launchConfiguration.postLaunchActions,
        actions: await listActions(tx, run.server.sourceServerId),
      }),
      template: await dataInStep(service, tx, run.server),
    }))),
  });
  const judged = await watch(service, { proof: run.proof, attempt, specification }, signal);
  const verdict = { ...judged, consoleTail: await readConsole(service, attempt, signal) };
  await takeScreenshot(service, bootProofId, attempt, signal);
  await changeAttempt(service, bootProofId, signal, { verdict });
  return verdict;
}

interface Watch {
  readonly proof: BootProofRecord;
  readonly attempt: BootAttempt;
  readonly specification: MachineSpecification;
}

/** Asks once a second; a launch host that was restarted goes on by itself, or is told again. */
async function watch(
  service: Service,
  { proof, attempt, specification }: Watch,
  signal: AbortSignal,
): Promise<Omit<BootVerdict, 'consoleTail'>> {
  const { clock } = service;
  const host = { role: 'launch-host', programId: attempt.launchHostId } as const;
  const deadlineMs = clock.nowMs() + CONVERSION_MS;
  let runningSinceMs = attempt.runningSinceMs;
  for (let isTold = false; ; isTold = true) {
    const options = { timeoutMs: ASK_MS, signal };
    const status = isTold
      ? await describeOrEnsure(service, host, specification, options)
      : await callProgram(service, host, 'ensureMachine', specification, options);
    const nowMs = clock.nowMs();
    if (status.phase === 'RUNNING' && runningSinceMs === undefined) {
      runningSinceMs = nowMs;
      await changeAttempt(service, proof.bootProofId, signal, { runningSinceMs });
    }
    const judgement = judge(status, {
      silentMs: nowMs - (runningSinceMs ?? nowMs),
      lifeTimeoutSeconds: proof.lifeTimeoutSeconds,
      signsOfLife: proof.signsOfLife,
      loadPerProcessor: loadOf(service, attempt),
      isAgain: proof.attempts > 0,
    });
    const times = timesOf(status, nowMs - (runningSinceMs ?? nowMs));
    if (judgement.kind === 'LIVES') return { life: judgement.life, ...times };
    if (judgement.kind === 'DOES_NOT_BOOT') return { error: judgement.error, ...times };
    if (judgement.kind === 'FAULT') throw faultOf(judgement.error);
    if (runningSinceMs === undefined && nowMs >= deadlineMs) throw tooLate(status);
    await clock.sleep(ASK_EVERY_MS, signal);
  }
}

/** Of the launch host, as it told last; older ones do not. */
function loadOf({ reports }: Service, { launchHostId }: BootAttempt): number {
  return reports.last('launch-host', launchHostId)?.report.loadPerProcessor ?? 0;
}

/** Both ends by the launch host's clock where it has told them. */
function timesOf({ conversion, startedAtMs, life }: MachineStatus, runningMs: number) {
  const conversionMs = conversion.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const isTold = life !== undefined && startedAtMs !== null;
  return { conversionMs, bootMs: isTold ? Math.max(0, life.atMs - startedAtMs) : runningMs };
}

async function readConsole(service: Service, attempt: BootAttempt, signal: AbortSignal): Promise<string> {
  const { machineId, launchHostId } = attempt;
  const host = { role: 'launch-host', programId: launchHostId } as const;
  const input = { machineId, tailBytes: CONSOLE_TAIL_BYTES };
  return (await callProgram(service, host, 'readConsole', input, { timeoutMs: ASK_MS, signal })).text;
}

/** A machine that has ended has no screen: the verdict stands without it. */
async function takeScreenshot(
  service: Service,
  bootProofId: string,
  { machineId, launchHostId }: BootAttempt,
  signal: AbortSignal,
): Promise<void> {
  const host = { role: 'launch-host', programId: launchHostId } as const;
  const options = { timeoutMs: ASK_MS / 4, signal };
  try {
    const { pngBase64 } = await callProgram(service, host, 'takeScreenshot', { machineId }, options);
    if (pngBase64.length > SCREENSHOT_CHARACTERS_MAX) return;
    signal.throwIfAborted();
    await saveScreenshot(service.store.db, bootProofId, pngBase64);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof OperationError)) throw error;
    service.log.info('boot-proof-without-screenshot', { bootProofId, reason: describeError(error) });
  }
}

/** So that retention leaves the point alone. A name that it has already keeps it as well. */
async function pin(
  service: Service,
  { proof, server }: BootProofRun,
  { replicationServerId, recoveryPoint }: BootAttempt,
  signal: AbortSignal,
): Promise<void> {
  const { sourceServerId } = server;
  const { epoch } = recoveryPoint;
  const named = { sourceServerId, replicationServerId, epoch };
  const name = await nameOf(service, named, signal);
  if (name !== undefined && name !== PIN_NAME) return;
  await changeRecord(service, proof.bootProofId, signal, (before) => ({
    ...before,
    pin: { replicationServerId, epoch },
  }));
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const input = { sourceServerId, epoch, name: PIN_NAME };
  await callProgram(service, to, 'pinRecoveryPoint', input, { timeoutMs: ASK_MS, signal });
}

async function end(
  service: Service,
  { proof, server }: BootProofRun,
  attempt: BootAttempt & { readonly verdict: BootVerdict },
  signal: AbortSignal,
): Promise<void> {
  const { bootProofId } = proof;
  const { sourceServerId } = server;
  const { verdict, launchHostId, recoveryPoint } = attempt;
  const state = verdict.life === undefined ? 'FAILED' : 'VERIFIED';
  const kept = { launchHostId, name: keptNameOf(sourceServerId, recoveryPoint) };
  await changeRecord(service, bootProofId, signal, (before) => ({
    ...{ ...before, state, error: verdict.error, reason: undefined, endedAtMs: service.clock.nowMs() },
    ...(state === 'VERIFIED' ? { kept } : {}),
  }));
  const facts = { bootProofId, sourceServerId, epoch: recoveryPoint.epoch, bootMs: verdict.bootMs };
  if (state === 'VERIFIED') service.log.info('boot-proof-verified', { ...facts, ...verdict.life });
  else service.log.warn('boot-proof-failed', { ...facts, ...verdict.error });
}

function faultOf({ code, message, hint }: { code: string; message: string; hint?: string }): OperationError {
  return new OperationError(code, message, hint === undefined ? {} : { hint });
}

function tooLate({ machineId, phase }: MachineStatus): OperationError {
  const minutes = CONVERSION_MS / MINUTE_MS;
  return new OperationError('LAUNCH_TIMED_OUT', `machine ${machineId} is ${phase} after ${minutes} min`, {
    hint: 'look at the log of the launch host',
  });
}

function noReplicationServer(sourceServerId: string): OperationError {
  return new OperationError('REPLICATION_SERVER_MISSING', `${sourceServerId} is on no replication server`, {
    hint: 'start a replication server and wait for the first recovery point',
  });
}
