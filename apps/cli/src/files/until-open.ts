/**
 * A recovery point takes a while to be opened for reading files, and gives out one file at a time: asked
 * again until it is open and free.
 */
import { ApiError } from '@landfall/api';
import type { Clock } from '@landfall/runtime';

/** Why one waits, as the control plane says it. */
export type WaitReason = (typeof REASONS)[number];

const REASONS = ['FILES_OPENING', 'FILES_BUSY'] as const;
/** Of all that is waited for together. */
const PATIENCE_MS = 5 * 60_000;
const PAUSE_MS = 500;

export async function untilOpen<Answer>(
  ask: () => Promise<Answer>,
  { clock, onWait }: { readonly clock: Clock; readonly onWait: (reason: WaitReason) => void },
): Promise<Answer> {
  const deadlineMs = clock.nowMs() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const reason = reasonToWait(error);
      if (reason === undefined || clock.nowMs() >= deadlineMs) throw error;
      onWait(reason);
    }
    await clock.sleep(PAUSE_MS);
  }
}

function reasonToWait(error: unknown): WaitReason | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const details: unknown = error.members.errors;
  if (!Array.isArray(details)) return undefined;
  return REASONS.find((reason) => details.some((detail) => detail?.code === reason));
}
