/** What the scrub of a journal found, in the API's words. */
import { isoDateTime, type Landfall } from '@landfall/api';
import type { DamageFacts, ScrubFacts } from '@landfall/model';

export function showScrub(scrub: ScrubFacts | undefined): Landfall.JournalScrub | undefined {
  if (scrub === undefined) return undefined;
  const { bytesDone, bytesTotal, passes, damageCount, passStartedAtMs, lastPassEndedAtMs } = scrub;
  return {
    ...{ bytesDone, bytesTotal, passes, damageCount },
    passStartedDateTime: passStartedAtMs === null ? undefined : isoDateTime(passStartedAtMs),
    lastPassEndedDateTime: lastPassEndedAtMs === null ? undefined : isoDateTime(lastPassEndedAtMs),
    damages: scrub.damages.map(showDamage),
  };
}

export function showDamage({ diskId, ...damage }: DamageFacts): Landfall.JournalDamage {
  return { ...damage, diskID: diskId };
}
