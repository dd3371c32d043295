/** The scrub of a journal, for people. */
import type { Landfall } from '@landfall/api';
import { formatBytes } from '@landfall/runtime';

export function scrubFacts(scrub: Landfall.JournalScrub | undefined): [string, unknown][] {
  if (scrub === undefined) return [];
  const { bytesDone, bytesTotal, passes, lastPassEndedDateTime, damageCount, damages } = scrub;
  const last =
    lastPassEndedDateTime === undefined ? 'no pass has ended yet' : `last pass ${lastPassEndedDateTime}`;
  const progress = `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`;
  return [
    ['journal verified', `${progress}, ${last} (${passes} in all)`],
    ['journal damage', damageCount === 0 ? 'none known' : `${damageCount} places`],
    ...damages.map((damage): [string, unknown] => ['  damaged', damageText(damage)]),
  ];
}

export function damageText(damage: Landfall.JournalDamage): string {
  const { diskID, offsetBytes, lengthBytes, firstEpoch, lastEpoch, path, positionBytes, what } = damage;
  const file = `${path} at byte ${positionBytes}: ${what}`;
  if (offsetBytes === undefined) return `${damage.kind} ${file}`;
  const points = firstEpoch === undefined ? 'no recovery point sees it' : `points ${firstEpoch}–${lastEpoch}`;
  return `${diskID} offset ${offsetBytes}, ${lengthBytes} bytes, ${points} (${file})`;
}
