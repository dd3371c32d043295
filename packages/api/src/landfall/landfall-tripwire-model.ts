/** The shapes of the `landfall` service that tell of what may be encrypting the files of a server. */
import type { ShapeModel } from '../service-model.ts';

export const TRIPWIRE_SHAPES = {
  AcknowledgeTripwireRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID', expected: 'Boolean' },
  },
  AcknowledgeTripwireResponse: {
    type: 'structure',
    required: ['tripwire'],
    members: { tripwire: 'Tripwire' },
  },
  Tripwire: { type: 'structure', required: ['suspicions'], members: { suspicions: 'Suspicions' } },
  Suspicions: { type: 'list', member: 'Suspicion' },
  Suspicion: {
    type: 'structure',
    required: ['code', 'detectedDateTime', 'beganDateTime', 'convertedBytes', 'diskIDs', 'lastSeenDateTime'],
    members: {
      code: 'SuspicionCode',
      detectedDateTime: 'Text',
      beganDateTime: 'Text',
      convertedBytes: 'Count',
      diskIDs: 'Texts',
      pinnedEpoch: 'Count',
      lastSeenDateTime: 'Text',
      endedDateTime: 'Text',
      acknowledgedDateTime: 'Text',
    },
  },
  SuspicionCode: { type: 'string', enum: ['RANSOMWARE_SUSPECTED'] },
} as const satisfies Record<string, ShapeModel>;
