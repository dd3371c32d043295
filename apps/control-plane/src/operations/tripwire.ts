/** What the replication server suspects of encrypting a server's files, shown and acknowledged. */
import { type Handlers, isoDateTime, type Landfall } from '@landfall/api';
import type { RansomwareSuspicion, TripwireFacts } from '@landfall/model';
import type { Service } from '../service.ts';
import { askProgram } from './ask-program.ts';
import { keeperOf } from './recovery-points.ts';

export const tripwireOperations: Pick<Handlers<'landfall', Service>, 'AcknowledgeTripwire'> = {
  AcknowledgeTripwire: async ({ sourceServerID, expected = false }, service) => {
    const { sourceServerId, to } = await keeperOf(service, sourceServerID);
    const input = { sourceServerId, wasExpected: expected };
    return { tripwire: showTripwire(await askProgram(service, to, 'acknowledgeTripwire', input)) };
  },
};

export function showTripwire({ suspicions }: TripwireFacts): Landfall.Tripwire {
  return { suspicions: suspicions.map(showSuspicion) };
}

function showSuspicion(suspicion: RansomwareSuspicion): Landfall.Suspicion {
  const { code, convertedBytes, diskIds, pinnedEpoch, endedAtMs, acknowledgedAtMs } = suspicion;
  return {
    ...{ code, convertedBytes, diskIDs: diskIds, pinnedEpoch },
    detectedDateTime: isoDateTime(suspicion.detectedAtMs),
    beganDateTime: isoDateTime(suspicion.beganAtMs),
    lastSeenDateTime: isoDateTime(suspicion.lastSeenAtMs),
    endedDateTime: endedAtMs === null ? undefined : isoDateTime(endedAtMs),
    acknowledgedDateTime: acknowledgedAtMs === null ? undefined : isoDateTime(acknowledgedAtMs),
  };
}
