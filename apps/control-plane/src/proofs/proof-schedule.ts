/** When a proof of equality begins by itself. */
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { ProofRecord } from '../store/proofs.ts';

/** Weekly. */
export const PROOF_INTERVAL_HOURS_DEFAULT = 168;
const HOUR_MS = 3_600_000;

export function proofIntervalHours({ proofIntervalHours: hours }: SourceServerRecord): number {
  return hours ?? PROOF_INTERVAL_HOURS_DEFAULT;
}

/** Counted from the last one, asked for or not, or from the enrolment; `undefined`: never. */
export function nextProofAtMs(
  server: SourceServerRecord,
  latest: Pick<ProofRecord, 'createdAtMs'> | undefined,
): number | undefined {
  const hours = proofIntervalHours(server);
  if (hours === 0) return undefined;
  return (latest?.createdAtMs ?? server.createdAtMs) + hours * HOUR_MS;
}
