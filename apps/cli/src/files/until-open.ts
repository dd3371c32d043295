/** A recovery point takes a while to be opened for reading files: asked again until it is. */
import { ApiError } from '@landfall/api';
import type { Clock } from '@landfall/runtime';

const OPENING_MS_MAX = 5 * 60_000;
const PAUSE_MS = 500;

export async function untilOpen<Answer>(
  ask: () => Promise<Answer>,
  { clock, onWait }: { readonly clock: Clock; readonly onWait: () => void },
): Promise<Answer> {
  const deadlineMs = clock.nowMs() + OPENING_MS_MAX;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isOpening(error) || clock.nowMs() > deadlineMs) throw error;
    }
    onWait();
    await clock.sleep(PAUSE_MS);
  }
}

function isOpening(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const details: unknown = error.members.errors;
  return Array.isArray(details) && details.some((detail) => detail?.code === 'FILES_OPENING');
}
