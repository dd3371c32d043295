/** A proof of boot to be made: by the schedule, when it is asked for, and before a cutover. */
import type { PointSelector } from '@landfall/model';
import { publicId } from '@landfall/runtime';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import {
  type BootProofRecord,
  changeBootProof,
  insertBootProof,
  isUnfinished,
  listBootProofs,
} from '../store/boot-proofs.ts';
import type { Queries } from '../store/schema.ts';
import { bootProofScheduleOf } from './boot-proof-schedule.ts';

export interface BootProofWish {
  readonly server: SourceServerRecord;
  readonly trigger: BootProofRecord['trigger'];
  readonly at: PointSelector;
  readonly jobId?: string;
}

const URGENCY = ['SCHEDULED', 'REQUESTED', 'BEFORE_CUTOVER'] as const;

/**
 * The one of the server that is not finished, when it is for the same point, and then as urgent as this
 * wish; else a new one. `undefined`: one for another point is not finished.
 */
export async function beginBootProof(
  { clock, random, log }: Service,
  tx: Queries,
  { server, trigger, at, jobId }: BootProofWish,
): Promise<BootProofRecord | undefined> {
  const { sourceServerId } = server;
  const nowMs = clock.nowMs();
  const unfinished = (await listBootProofs(tx, sourceServerId)).find(isUnfinished);
  if (unfinished !== undefined) {
    if (!isSamePoint(unfinished.at, at)) return undefined;
    return changeBootProof(tx, unfinished.bootProofId, (before) => ({
      ...before,
      trigger: moreUrgent(before.trigger, trigger),
      nextAttemptAtMs: Math.min(before.nextAttemptAtMs, nowMs),
      jobId: jobId ?? before.jobId,
    }));
  }
  const { signsOfLife, lifeTimeoutSeconds } = bootProofScheduleOf(server);
  const proof: BootProofRecord = {
    bootProofId: publicId('boot-', random),
    ...{ sourceServerId, trigger, at, jobId, signsOfLife, lifeTimeoutSeconds },
    ...{ state: 'WAITING', createdAtMs: nowMs, attempts: 0, nextAttemptAtMs: nowMs, held: [] },
  };
  await insertBootProof(tx, proof);
  log.info('boot-proof-wanted', { sourceServerId, bootProofId: proof.bootProofId, trigger });
  return proof;
}

function moreUrgent(one: BootProofRecord['trigger'], other: BootProofRecord['trigger']) {
  return URGENCY.indexOf(one) > URGENCY.indexOf(other) ? one : other;
}

function isSamePoint(one: PointSelector, other: PointSelector): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
