/** Which recovery points of a server are known to boot, and where their conversions are kept. */
import type { RecoveryPoint } from '@landfall/model';
import type { Service } from '../service.ts';
import {
  type BootProofRecord,
  changeBootProof,
  listBootProofs,
  listOpenBootProofs,
} from '../store/boot-proofs.ts';
import type { Queries } from '../store/schema.ts';

export interface VerifiedPoint {
  readonly recoveryPoint: RecoveryPoint;
  readonly verifiedAtMs: number;
  readonly kept: BootProofRecord['kept'];
}

type PointIdentity = Pick<RecoveryPoint, 'epoch' | 'cutTimeMs'>;

/** Newest first. Some may be gone from the replica. */
export async function listVerifiedPoints(
  db: Queries,
  sourceServerId: string,
): Promise<readonly VerifiedPoint[]> {
  const proofs = await listBootProofs(db, sourceServerId, { state: 'VERIFIED' });
  return proofs
    .flatMap(({ attempt, endedAtMs, createdAtMs, kept }) => {
      if (attempt === undefined) return [];
      return [{ recoveryPoint: attempt.recoveryPoint, verifiedAtMs: endedAtMs ?? createdAtMs, kept }];
    })
    .toSorted((one, other) => other.recoveryPoint.cutTimeMs - one.recoveryPoint.cutTimeMs);
}

/** Numbers begin again when a server is replicated anew: the cut has to be the same, too. */
export function isSamePoint(one: PointIdentity, other: PointIdentity): boolean {
  return one.epoch === other.epoch && one.cutTimeMs === other.cutTimeMs;
}

/** Whether this point was verified: best by a proof whose conversion is kept. */
export async function findVerified(
  { store }: Service,
  sourceServerId: string,
  point: PointIdentity,
): Promise<VerifiedPoint | undefined> {
  const verified = await listVerifiedPoints(store.db, sourceServerId);
  const same = verified.filter(({ recoveryPoint }) => isSamePoint(recoveryPoint, point));
  return same.find(({ kept }) => kept !== undefined) ?? same[0];
}

/** Unique for each point of each server, also over a replication that began anew. */
export function keptNameOf(sourceServerId: string, { epoch, cutTimeMs }: PointIdentity): string {
  return `${sourceServerId}.${epoch}.${cutTimeMs}`;
}

/** Names of the conversions that a launch host is to keep. */
export async function keptNamesFor({ store }: Service, launchHostId: string): Promise<readonly string[]> {
  const open = await listOpenBootProofs(store.db);
  return open.flatMap(({ sourceServerId, state, attempt, kept }) => {
    if (kept?.launchHostId === launchHostId) return [kept.name];
    const isRunning = state === 'RUNNING' && attempt?.launchHostId === launchHostId;
    return isRunning ? [keptNameOf(sourceServerId, attempt.recoveryPoint)] : [];
  });
}

/** The name that kept a verified point was taken from it: nothing is kept for it any more. */
export async function forgetPin({ store }: Service, sourceServerId: string, epoch: number): Promise<void> {
  const open = await listOpenBootProofs(store.db);
  for (const proof of open) {
    if (proof.sourceServerId !== sourceServerId || proof.pin?.epoch !== epoch) continue;
    await store.transaction((tx) =>
      changeBootProof(tx, proof.bootProofId, (before) => ({ ...before, pin: undefined, kept: undefined })),
    );
  }
}
