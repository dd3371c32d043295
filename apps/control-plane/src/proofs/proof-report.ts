/** What an agent proved, as the document that the authority signs. */
import { isoDateTime, type ProofPoint, signProof, type UnsignedProof } from '@landfall/api';
import type { ProofResult, RecoveryPoint } from '@landfall/model';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import type { ProofRecord } from '../store/proofs.ts';

export function proofVerdict({ DIFFERENT, DAMAGED }: ProofResult['differenceCounts']): 'EQUAL' | 'REPAIRED' {
  return DIFFERENT + DAMAGED > 0 ? 'REPAIRED' : 'EQUAL';
}

/** Resolves to the signed file. */
export function signReport(
  { authority, clock }: Service,
  server: SourceServerRecord,
  { proofId }: ProofRecord,
  result: ProofResult,
): Promise<string> {
  const { sourceServerId, replicationServerId, sourceProperties } = server;
  const { journalId, differenceCounts: counts } = result;
  const { DIFFERENT, DAMAGED, LEFT_OUT } = counts;
  const proof: UnsignedProof = {
    ...{ proofId, sourceServerId, hostname: sourceProperties.identificationHints.hostname },
    ...{ replicationServerId: replicationServerId ?? '', journalId },
    startedDateTime: isoDateTime(result.startedAtMs),
    endedDateTime: isoDateTime(result.endedAtMs),
    firstPoint: showPoint(result.first),
    lastPoint: showPoint(result.last),
    // Field by field: an agent has its say about these and no others.
    disks: result.disks.map(
      ({ diskId, sizeBytes, chunks, rootSha256, chunksChangedSince, chunksSentWhole }) => ({
        ...{ diskId, sizeBytes, chunks, rootSha256, chunksChangedSince, chunksSentWhole },
      }),
    ),
    verdict: proofVerdict(counts),
    differenceCounts: { DIFFERENT, DAMAGED, LEFT_OUT },
    differences: result.differences.map(({ kind, diskId, offsetBytes, lengthBytes, epoch }) => ({
      ...{ kind, diskId, offsetBytes, lengthBytes, epoch },
    })),
    issuedDateTime: isoDateTime(clock.nowMs()),
  };
  return signProof(proof, (bytes) => authority.sign(bytes));
}

function showPoint({ epoch, cutTimeMs, consistency }: RecoveryPoint): ProofPoint {
  return { epoch, cutDateTime: isoDateTime(cutTimeMs), consistency };
}
