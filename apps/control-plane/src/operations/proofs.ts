/** StartProof, ListProofs, GetProof, UpdateProofSchedule. */
import { ApiError, type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import { assert } from '@landfall/runtime';
import { isReplicating } from '../channel/observe-replication.ts';
import { beginProof } from '../proofs/observe-proof.ts';
import { proofVerdict } from '../proofs/proof-report.ts';
import { nextProofAtMs, proofIntervalHours } from '../proofs/proof-schedule.ts';
import type { Service } from '../service.ts';
import { findProof, listProofs, type ProofRecord } from '../store/proofs.ts';
import { changeServer } from '../store/source-servers.ts';
import { conflict, requireServer } from './change-source-server.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  'StartProof' | 'ListProofs' | 'GetProof' | 'UpdateProofSchedule'
>;

const PROOFS_LISTED_MAX = 100;

export const proofOperations: Operations = {
  StartProof: async ({ sourceServerID }, service) => {
    const proof = await service.store.transaction(async (tx) => {
      const server = await requireServer(tx, sourceServerID);
      if (!isReplicating(server)) throw conflict(server, 'it is not replicated');
      return beginProof(service, tx, sourceServerID, 'REQUESTED');
    });
    return { proof: showProof(service, proof) };
  },

  ListProofs: async ({ sourceServerID }, service) => {
    const { db } = service.store;
    const server = await requireServer(db, sourceServerID);
    const proofs = await listProofs(db, sourceServerID, PROOFS_LISTED_MAX);
    const nextAtMs = isReplicating(server) ? nextProofAtMs(server, proofs[0]) : undefined;
    return {
      items: proofs.map((proof) => showProof(service, proof)),
      intervalHours: proofIntervalHours(server),
      nextDateTime: nextAtMs === undefined ? undefined : isoDateTime(nextAtMs),
    };
  },

  GetProof: async ({ proofID }, service) => {
    const proof = await findProof(service.store.db, proofID);
    if (proof === undefined) throw ApiError.notFound(proofID, 'Proof');
    return { proof: showProof(service, proof), report: proof.report };
  },

  UpdateProofSchedule: async ({ sourceServerID, intervalHours }, { store }) => {
    await store.transaction(async (tx) => {
      await requireServer(tx, sourceServerID);
      const changed = await changeServer(tx, sourceServerID, (server) => ({
        ...server,
        proofIntervalHours: intervalHours,
      }));
      assert(changed !== undefined, 'S2: what was found in the transaction is still there');
    });
    return { intervalHours };
  },
};

function showProof({ reports }: Service, proof: ProofRecord): Landfall.ProofItem {
  const { proofId, sourceServerId, state, trigger, reason, createdAtMs, endedAtMs } = proof;
  const told = reports.last('agent', sourceServerId)?.report.replication.proof;
  const progress = told?.proofId === proofId && state === 'RUNNING' ? told : undefined;
  const counts = proof.differenceCounts ?? progress?.differenceCounts;
  return {
    ...{ proofID: proofId, sourceServerID: sourceServerId, state, trigger, reason },
    createdDateTime: isoDateTime(createdAtMs),
    endedDateTime: endedAtMs === undefined ? undefined : isoDateTime(endedAtMs),
    verdict: state === 'COMPLETE' && counts !== undefined ? proofVerdict(counts) : undefined,
    differences: counts?.DIFFERENT ?? 0,
    damaged: counts?.DAMAGED,
    leftOut: counts?.LEFT_OUT,
    chunksDone: proof.chunks ?? progress?.chunksDone,
    chunksTotal: proof.chunks ?? progress?.chunksTotal,
  };
}
