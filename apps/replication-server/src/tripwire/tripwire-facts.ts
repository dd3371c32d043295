/** The suspicions of a server, as reports tell them. */
import type { JournalDisk } from '@landfall/journal';
import { RANSOMWARE_SUSPECTED, SUSPICIONS_TOLD_MAX, type TripwireFacts } from '@landfall/model';
import type { Incident } from './detector.ts';

export function factsOf(incidents: readonly Incident[], disks: readonly JournalDisk[]): TripwireFacts {
  const suspicions = incidents.slice(-SUSPICIONS_TOLD_MAX).map((incident) => ({
    code: RANSOMWARE_SUSPECTED,
    detectedAtMs: incident.detectedAtMs,
    beganAtMs: incident.onset.cutTimeMs,
    convertedBytes: incident.convertedBytes,
    diskIds: incident.diskIndexes.flatMap((index) => disks[index]?.diskId ?? []),
    ...(incident.pinnedEpoch === undefined ? {} : { pinnedEpoch: incident.pinnedEpoch }),
    lastSeenAtMs: incident.lastSeenAtMs,
    endedAtMs: incident.endedAtMs ?? null,
    acknowledgedAtMs: incident.acknowledgedAtMs ?? null,
  })) satisfies TripwireFacts['suspicions'];
  return { suspicions };
}
