/**
 * The first step of a cutover: it is known that the server boots before anything is asked of its source. A
 * verified point that is recent enough will do, and so does a test whose machine lived, unless a later proof
 * failed; else one is proved now, while the source goes on, and the cutover ends here when it does not boot.
 */
import type { RecoveryPoint } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import { beginBootProof } from '../boot-proofs/begin-boot-proof.ts';
import { bootProofScheduleOf, isRecentEnough } from '../boot-proofs/boot-proof-schedule.ts';
import { isSamePoint, listVerifiedPoints } from '../boot-proofs/verified-points.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { type BootProofRecord, isUnfinished, latestBootProof, listBootProofs } from '../store/boot-proofs.ts';
import { findServer } from '../store/source-servers.ts';
import { callProgram } from './call-program.ts';
import type { Step, StepRun } from './job-runner.ts';

const ASK_EVERY_MS = 1000;
const RESOLVE_MS = 60_000;
/** The one of a job is among the newest. */
const PROOFS_LOOKED_AT = 10;

export function proveBoot<State extends object>(service: Service): Step<State> {
  return {
    name: 'BOOT_PROOF',
    run: async (run) => {
      const server = await findServer(service.store.db, run.sourceServerId);
      const { initiatedBy, isUnproved = false } = run.job;
      if (initiatedBy !== 'START_CUTOVER' || isUnproved || server === undefined) return {};
      if (bootProofScheduleOf(server).proofBeforeCutover) await untilProved(service, run, server);
      return {};
    },
  };
}

async function untilProved(service: Service, run: StepRun, server: SourceServerRecord): Promise<void> {
  const { clock, store } = service;
  for (;;) {
    const mine = await proofOf(service, run);
    if (mine?.state === 'FAILED') throw doesNotBoot(mine);
    if (mine?.state === 'VERIFIED') return run.log('BOOT_PROOF_END');
    if (mine === undefined) {
      if (await isProved(service, run, server)) return;
      await run.log('BOOT_PROOF_START');
      const { at, jobId } = run.job;
      const wish = { server, trigger: 'BEFORE_CUTOVER', at, jobId } as const;
      run.signal.throwIfAborted();
      // Another point may be about to be proved: its turn is over soon.
      await store.transaction((tx) => beginBootProof(service, tx, wish));
    }
    await clock.sleep(ASK_EVERY_MS, run.signal);
  }
}

async function proofOf(
  { store }: Service,
  { job, sourceServerId }: StepRun,
): Promise<BootProofRecord | undefined> {
  const proofs = await listBootProofs(store.db, sourceServerId, { limit: PROOFS_LOOKED_AT });
  const mine = proofs.filter(({ jobId }) => jobId === job.jobId);
  return mine.find(isUnfinished) ?? mine[0];
}

async function isProved(service: Service, run: StepRun, server: SourceServerRecord): Promise<boolean> {
  const verified = await listVerifiedPoints(service.store.db, run.sourceServerId);
  if (run.job.at.kind === 'LATEST') {
    const bootedAtMs = Math.max(server.bootedAtMs ?? 0, ...verified.map(({ verifiedAtMs }) => verifiedAtMs));
    const failedAtMs = await lastFailureAtMs(service, run);
    return failedAtMs < bootedAtMs && isRecentEnough(server, bootedAtMs, service.clock.nowMs());
  }
  if (verified.length === 0) return false;
  const point = await resolve(service, run, server);
  return point !== undefined && verified.some(({ recoveryPoint }) => isSamePoint(recoveryPoint, point));
}

/** After it no earlier boot says anything of the newest point; 0: there was none. */
async function lastFailureAtMs({ store }: Service, { sourceServerId }: StepRun): Promise<number> {
  const failed = await latestBootProof(store.db, sourceServerId, 'FAILED');
  return failed === undefined ? 0 : (failed.endedAtMs ?? failed.createdAtMs);
}

async function resolve(
  service: Service,
  { sourceServerId, job, signal }: StepRun,
  { replicationServerId }: SourceServerRecord,
): Promise<RecoveryPoint | undefined> {
  if (replicationServerId === null) return undefined;
  const to = { role: 'replication-server', programId: replicationServerId } as const;
  const input = { sourceServerId, at: job.at };
  return callProgram(service, to, 'resolveRecoveryPoint', input, { timeoutMs: RESOLVE_MS, signal });
}

function doesNotBoot({ bootProofId, error }: BootProofRecord): OperationError {
  const why = error === undefined ? 'no reason was told' : `${error.code}: ${error.message}`;
  return new OperationError('BOOT_PROOF_FAILED', `proof of boot ${bootProofId} failed: ${why}`, {
    hint: `look at it with \`landfall boot-proof show ${bootProofId}\`; nothing was asked of the source; revert, then cut over again, with --unproved to go on without a proof`,
  });
}
