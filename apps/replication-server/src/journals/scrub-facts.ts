/** The scrub of a journal, as reports tell it. */
import type { JournalDamage, ScrubStatus } from '@landfall/journal';
import { DAMAGES_TOLD_MAX, type DamageFacts, type ScrubFacts } from '@landfall/model';

export function scrubFacts(status: ScrubStatus): ScrubFacts {
  const { bytesDone, bytesTotal, passes, damageCount, damages } = status;
  return {
    ...{ bytesDone, bytesTotal, passes, damageCount },
    passStartedAtMs: status.passStartedAtMs || null,
    lastPassEndedAtMs: status.passEndedAtMs || null,
    damages: damages.slice(0, DAMAGES_TOLD_MAX).map(damageFacts),
  };
}

function damageFacts({ range, ...damage }: JournalDamage): DamageFacts {
  if (range === undefined) return { ...damage, isInNewest: false };
  const { offsetBytes, lengthBytes, epochs, isInNewest } = range;
  const seen = epochs === undefined ? {} : { firstEpoch: epochs.first, lastEpoch: epochs.last };
  return { ...damage, offsetBytes, lengthBytes, ...seen, isInNewest };
}
