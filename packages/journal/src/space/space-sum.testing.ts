/** All parts of a journal's space together: what J5 says is all of it. */
import type { JournalSpace } from '@landfall/model';

export function sumOfParts(space: JournalSpace): number {
  const { baseBytes, newestBytes, reclaimableBytes, heldBytes, openBytes, otherBytes } = space;
  const shares = [...space.tiers, space.marked, space.passing].map(({ bytes }) => bytes);
  const parts = [baseBytes, newestBytes, reclaimableBytes, heldBytes, openBytes, otherBytes, ...shares];
  return parts.reduce((total, part) => total + part, 0);
}

export function pointsOfParts({ tiers, marked, passing }: JournalSpace): number {
  return [...tiers, marked, passing].reduce((total, { points }) => total + points, 0);
}
