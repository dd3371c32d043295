/** Who waits for a recovery point whose cut is not older than their call. */
import type { RecoveryPoint } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import type { SentEpoch } from '../epoch-ledger.ts';

export const WAITERS_MAX = 64;

interface Waiter {
  readonly calledNs: bigint;
  readonly resolve: (point: RecoveryPoint) => void;
  readonly reject: (error: unknown) => void;
}

export class RecoveryPointWaiters {
  #waiting: Waiter[] = [];

  /** Errors: RECOVERY_POINTS_BUSY, and whatever `rejectAll` is given. */
  wait(calledNs: bigint): Promise<RecoveryPoint> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= WAITERS_MAX) reject(tooMany());
      else this.#waiting.push({ calledNs, resolve, reject });
    });
  }

  /** Whether somebody needs a cut newer than the newest that was sent. */
  needCutAfter(newestCutNs: bigint | undefined): boolean {
    return this.#waiting.some(({ calledNs }) => newestCutNs === undefined || calledNs > newestCutNs);
  }

  /** `durable` in order: each gets the first that is new enough. */
  settle(durable: readonly SentEpoch[]): void {
    this.#waiting = this.#waiting.filter((waiter) => {
      const reached = durable.find((epoch) => epoch.cutMonotonicNs >= waiter.calledNs);
      if (reached === undefined) return true;
      const { epoch, cutTimeMs, consistency } = reached;
      waiter.resolve({ epoch, cutTimeMs, consistency });
      return false;
    });
  }

  rejectAll(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}

function tooMany(): OperationError {
  return new OperationError('RECOVERY_POINTS_BUSY', `${WAITERS_MAX} recovery points are already waited for`, {
    hint: 'wait until those are taken; look at the replication state of the server if they never are',
    retryable: true,
  });
}
