/** One attempt of a preflight, from the recovery point to the report; what it repeats is idempotent. */
import type { MachineDisk, PreflightStatus } from '@landfall/channel';
import type { RecoveryPoint } from '@landfall/model';
import { describeError, OperationError } from '@landfall/runtime';
import { callProgram } from '../jobs/call-program.ts';
import { bootModeFor } from '../launch/boot-mode.ts';
import { serverTemplate } from '../launch/server-template.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { findPreflight, type PreflightRecord, savePreflight } from '../store/preflights.ts';

const MINUTE_MS = 60_000;
const RESOLVE_MS = MINUTE_MS;
const ASK_MS = MINUTE_MS;
const ASK_EVERY_MS = 1000;
/** Launches come first: it may have to wait for several. */
const INSPECTION_MS = 60 * MINUTE_MS;
const CLOSE_MS = MINUTE_MS;

export interface PreflightRun {
  readonly preflight: PreflightRecord;
  readonly server: SourceServerRecord;
  readonly launchHostId: string;
}

/** Errors: those of the programs it asks; PREFLIGHT_FAILED. */
export async function runPreflight(service: Service, run: PreflightRun, signal: AbortSignal): Promise<void> {
  const { preflight, server } = run;
  const { replicationServerId } = server;
  if (replicationServerId === null) throw noReplicationServer(server.sourceServerId);
  const recoveryPoint =
    preflight.recoveryPoint ?? (await resolvePoint(service, run, replicationServerId, signal));
  const exportId = exportIdOf(preflight, recoveryPoint);
  const opened = { exportId, replicationServerId };
  const others = preflight.exports.filter((each) => each.exportId !== exportId);
  await change(service, preflight, signal, {
    ...{ state: 'RUNNING', reason: undefined, recoveryPoint, exports: [...others, opened] },
  });
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const input = { exportId, sourceServerId: server.sourceServerId, epoch: recoveryPoint.epoch };
  const { disks } = await callProgram(service, to, 'openExport', input, { timeoutMs: RESOLVE_MS, signal });
  const { result } = await awaitResult(service, run, disks, signal);
  if (result === undefined) throw failed({ code: 'PREFLIGHT_FAILED', message: 'there was no result' });
  const report = { recoveryPoint, inspectedAtMs: service.clock.nowMs(), result };
  await change(service, preflight, signal, { state: 'COMPLETE', report, recoveryPoint: undefined });
  await closeExports(service, preflight, signal);
  const blockers = result.findings.filter(({ rank }) => rank === 'BLOCKER').map(({ code }) => code);
  const { sourceServerId } = server;
  service.log.info('preflight-complete', { sourceServerId, epoch: recoveryPoint.epoch, blockers });
}

/** An export is of one point: an attempt at another is another export. */
function exportIdOf({ preflightId }: PreflightRecord, { epoch }: RecoveryPoint): string {
  return `${preflightId}-${epoch}`;
}

function resolvePoint(
  service: Service,
  { preflight, server }: PreflightRun,
  replicationServerId: string,
  signal: AbortSignal,
): Promise<RecoveryPoint> {
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const input = { sourceServerId: server.sourceServerId, at: preflight.at };
  return callProgram(service, to, 'resolveRecoveryPoint', input, { timeoutMs: RESOLVE_MS, signal });
}

/** Asks once a second; a launch host that was restarted begins anew when it is asked. */
async function awaitResult(
  service: Service,
  { preflight, server, launchHostId }: PreflightRun,
  disks: readonly MachineDisk[],
  signal: AbortSignal,
): Promise<PreflightStatus> {
  const { clock } = service;
  const host = { role: 'launch-host', programId: launchHostId } as const;
  const bootMode = bootModeFor(server);
  const template = await service.store.transaction((tx) => serverTemplate(service, tx, server));
  const { conversionMethod = 'AUTOMATIC' } = template.version.data;
  const order = { preflightId: preflight.preflightId, disks, bootMode, conversionMethod };
  const deadlineMs = clock.nowMs() + INSPECTION_MS;
  while (clock.nowMs() < deadlineMs) {
    const options = { timeoutMs: ASK_MS, signal };
    const status = await callProgram(service, host, 'runPreflight', order, options);
    if (status.state === 'COMPLETE') return status;
    if (status.state === 'FAILED') throw failed(status.error);
    await clock.sleep(ASK_EVERY_MS, signal);
  }
  const minutes = INSPECTION_MS / MINUTE_MS;
  throw failed({ code: 'PREFLIGHT_FAILED', message: `it did not end within ${minutes} min` });
}

/** What cannot be closed now stays on record, and the keeper tries again (F3). */
export async function closeExports(
  service: Service,
  preflight: PreflightRecord,
  signal: AbortSignal,
): Promise<void> {
  const { sourceServerId } = preflight;
  const open = (await findPreflight(service.store.db, sourceServerId))?.exports ?? [];
  for (const { exportId, replicationServerId } of open) {
    const to = { role: 'replication-server', programId: replicationServerId } as const;
    try {
      await callProgram(service, to, 'closeExport', { exportId }, { timeoutMs: CLOSE_MS, signal });
    } catch (error) {
      signal.throwIfAborted();
      service.log.warn('preflight-export-not-closed', { sourceServerId, reason: describeError(error) });
      continue;
    }
    await service.store.transaction(async (tx) => {
      const before = await findPreflight(tx, sourceServerId);
      if (before === undefined) return;
      const exports = before.exports.filter((each) => each.exportId !== exportId);
      await savePreflight(tx, { ...before, exports });
    });
  }
}

async function change(
  { store }: Service,
  { sourceServerId, preflightId }: PreflightRecord,
  signal: AbortSignal,
  changes: Partial<PreflightRecord>,
): Promise<void> {
  signal.throwIfAborted();
  await store.transaction(async (tx) => {
    const before = await findPreflight(tx, sourceServerId);
    if (before?.preflightId !== preflightId) throw replaced(preflightId);
    await savePreflight(tx, { ...before, ...changes });
  });
}

function failed(error: PreflightStatus['error']): OperationError {
  const { code, message, hint } = error ?? { code: 'PREFLIGHT_FAILED', message: 'without a reason' };
  return new OperationError(code, message, hint === undefined ? {} : { hint });
}

function replaced(preflightId: string): OperationError {
  return new OperationError('PREFLIGHT_FAILED', `another preflight took the place of ${preflightId}`);
}

function noReplicationServer(sourceServerId: string): OperationError {
  return new OperationError('REPLICATION_SERVER_MISSING', `${sourceServerId} is on no replication server`, {
    hint: 'start a replication server and wait for the first recovery point',
  });
}
