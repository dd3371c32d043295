/**
 * Proofs of equality go through the configuration of the agent: while one is RUNNING the agent is told its id
 * with every report, and it says in its own how far it is. An agent that began anew does the proof anew; one
 * that has ended is signed, kept, and told no more. Everything may be lost and come twice.
 */
import type { AgentReport } from '@landfall/channel';
import type { ProofFacts, ProofRequest } from '@landfall/model';
import { publicId } from '@landfall/runtime';
import { isReplicating } from '../channel/observe-replication.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { endProof, insertProof, latestProof, type ProofRecord } from '../store/proofs.ts';
import type { Queries } from '../store/schema.ts';
import { signReport } from './proof-report.ts';
import { nextProofAtMs } from './proof-schedule.ts';

/** An agent that replicates and says nothing of a proof for so long does not know what one is. */
const SILENT_MS_MAX = 10 * 60_000;

/** What the agent is to prove now. */
export async function observeProof(
  service: Service,
  server: SourceServerRecord,
  { replication }: AgentReport,
): Promise<ProofRequest | undefined> {
  const { db } = service.store;
  const { sourceServerId } = server;
  const latest = await latestProof(db, sourceServerId);
  if (!isReplicating(server)) {
    if (latest?.state === 'RUNNING') await fail(service, latest, 'replication of the server was ended');
    return undefined;
  }
  if (latest?.state !== 'RUNNING') {
    const dueAtMs = nextProofAtMs(server, latest) ?? Number.POSITIVE_INFINITY;
    if (replication.state !== 'CONTINUOUS' || service.clock.nowMs() < dueAtMs) return undefined;
    const { proofId } = await service.store.transaction((tx) =>
      beginProof(service, tx, sourceServerId, 'SCHEDULED'),
    );
    return { proofId };
  }
  const { proofId } = latest;
  const facts = replication.proof?.proofId === proofId ? replication.proof : undefined;
  if (facts?.state === 'COMPLETE' || facts?.state === 'FAILED') {
    await end(service, server, latest, facts);
    return undefined;
  }
  const isSilent = replication.proof === undefined && replication.state === 'CONTINUOUS';
  if (isSilent && service.clock.nowMs() - latest.createdAtMs > SILENT_MS_MAX) {
    await fail(service, latest, 'the agent does not know proofs: update it');
    return undefined;
  }
  return { proofId };
}

/** The one that is under way, or a new one. */
export async function beginProof(
  { clock, random, log }: Service,
  tx: Queries,
  sourceServerId: string,
  trigger: ProofRecord['trigger'],
): Promise<ProofRecord> {
  const latest = await latestProof(tx, sourceServerId);
  if (latest?.state === 'RUNNING') return latest;
  const createdAtMs = Math.max(clock.nowMs(), (latest?.createdAtMs ?? 0) + 1);
  const proof: ProofRecord = {
    proofId: publicId('proof-', random),
    ...{ sourceServerId, trigger, createdAtMs, state: 'RUNNING' },
  };
  await insertProof(tx, proof);
  log.info('proof-began', { sourceServerId, proofId: proof.proofId, trigger });
  return proof;
}

async function end(
  service: Service,
  server: SourceServerRecord,
  proof: ProofRecord,
  facts: ProofFacts,
): Promise<void> {
  const { result, reason = 'the agent told of no result' } = facts;
  if (facts.state === 'FAILED' || result === undefined) return fail(service, proof, reason, facts);
  const { store, clock, log } = service;
  const ended: ProofRecord = {
    ...proof,
    state: 'COMPLETE',
    endedAtMs: clock.nowMs(),
    differenceCounts: result.differenceCounts,
    chunks: facts.chunksTotal,
    report: await signReport(service, server, proof, result),
  };
  if (!(await store.transaction((tx) => endProof(tx, ended)))) return;
  const { sourceServerId, proofId } = proof;
  const said = { sourceServerId, proofId, ...result.differenceCounts };
  log.info('proof-complete', said);
  // A fault of software or hardware: somebody should look.
  if (result.differenceCounts.DIFFERENT > 0) log.error('replica-differed', said);
}

async function fail(
  { store, clock, log }: Service,
  proof: ProofRecord,
  reason: string,
  facts?: ProofFacts,
): Promise<void> {
  const failed: ProofRecord = {
    ...{ ...proof, state: 'FAILED', endedAtMs: clock.nowMs(), reason },
    ...(facts === undefined ? {} : { differenceCounts: facts.differenceCounts }),
  };
  if (!(await store.transaction((tx) => endProof(tx, failed)))) return;
  log.error('proof-failed', { sourceServerId: proof.sourceServerId, proofId: proof.proofId, reason });
}
