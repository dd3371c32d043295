/**
 * Revisions of what somebody reads, edits and saves: a save that names the revision it began from is refused
 * when somebody else has saved meanwhile. A revision is a hash of what is stored, so nothing else has to be
 * kept, and what was changed and changed back is what it was.
 */
import { createHash } from 'node:crypto';
import { ApiError } from '@landfall/api';

/** Nothing is stored: what a save names that must not replace anything. */
export const NO_REVISION = 'none';

const DIGITS = 16;

/** Of a document as it is stored; `undefined` when there is none. */
export function revisionOf(stored: unknown): string {
  if (stored === undefined) return NO_REVISION;
  return createHash('sha256').update(JSON.stringify(stored)).digest('hex').slice(0, DIGITS);
}

export interface Save {
  /** As it is now, in the transaction of the save. */
  readonly stored: unknown;
  readonly wanted: unknown;
  /** From which the save began; absent: whatever is there is replaced. */
  readonly expectedRevision: string | undefined;
  readonly resourceId: string;
  readonly resourceType: string;
}

/** A save that is already done, because its answer was lost, passes. Errors: ConflictException. */
export function requireRevision(save: Save): void {
  const { stored, wanted, expectedRevision, resourceId, resourceType } = save;
  const current = revisionOf(stored);
  if (expectedRevision === undefined || expectedRevision === current) return;
  if (current === revisionOf(wanted)) return;
  const what = expectedRevision === NO_REVISION ? 'is there already' : 'was changed by somebody else';
  const message = `${resourceType} ${resourceId} ${what}: its revision is ${current}. Read it and save again.`;
  throw ApiError.conflict(message, { resourceId, resourceType });
}
