/** Changes of a proof's record while it is made: nothing is written after the signal. */
import type { Service } from '../service.ts';
import { type BootAttempt, type BootProofRecord, changeBootProof } from '../store/boot-proofs.ts';

export async function changeRecord(
  { store }: Service,
  bootProofId: string,
  signal: AbortSignal,
  change: (before: BootProofRecord) => BootProofRecord,
): Promise<BootProofRecord | undefined> {
  signal.throwIfAborted();
  return store.transaction((tx) => changeBootProof(tx, bootProofId, change));
}

/** Of the attempt that is under way. */
export async function changeAttempt(
  service: Service,
  bootProofId: string,
  signal: AbortSignal,
  change: Partial<BootAttempt>,
): Promise<void> {
  await changeRecord(service, bootProofId, signal, (before) =>
    before.attempt === undefined ? before : { ...before, attempt: { ...before.attempt, ...change } },
  );
}
