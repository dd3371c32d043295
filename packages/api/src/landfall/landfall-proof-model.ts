/** The shapes of the `landfall` service that tell of proofs of equality. */
import type { ShapeModel } from '../service-model.ts';

export const PROOF_SHAPES = {
  StartProofRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID' },
  },
  StartProofResponse: { type: 'structure', required: ['proof'], members: { proof: 'ProofItem' } },
  ListProofsRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID' },
  },
  ListProofsResponse: {
    type: 'structure',
    required: ['items', 'intervalHours'],
    members: { items: 'ProofItems', intervalHours: 'Count', nextDateTime: 'Text' },
  },
  GetProofRequest: { type: 'structure', required: ['proofID'], members: { proofID: 'ProofID' } },
  GetProofResponse: {
    type: 'structure',
    required: ['proof'],
    members: { proof: 'ProofItem', report: 'Text' },
  },
  UpdateProofScheduleRequest: {
    type: 'structure',
    required: ['sourceServerID', 'intervalHours'],
    members: { sourceServerID: 'SourceServerID', intervalHours: 'ProofIntervalHours' },
  },
  UpdateProofScheduleResponse: {
    type: 'structure',
    required: ['intervalHours'],
    members: { intervalHours: 'Count' },
  },
  ProofItem: {
    type: 'structure',
    required: ['proofID', 'sourceServerID', 'state', 'trigger', 'createdDateTime', 'differences'],
    members: {
      proofID: 'Text',
      sourceServerID: 'Text',
      state: 'ProofState',
      trigger: 'ProofTrigger',
      createdDateTime: 'Text',
      endedDateTime: 'Text',
      reason: 'Text',
      verdict: 'ProofVerdict',
      differences: 'Count',
      damaged: 'Count',
      leftOut: 'Count',
      chunksDone: 'Count',
      chunksTotal: 'Count',
    },
  },
  ProofItems: { type: 'list', member: 'ProofItem' },
  ProofID: { type: 'string', min: 1, max: 64, pattern: '[a-zA-Z0-9-]+' },
  ProofIntervalHours: { type: 'integer', min: 0, max: 87_600 },
  ProofState: { type: 'string', enum: ['RUNNING', 'COMPLETE', 'FAILED'] },
  ProofTrigger: { type: 'string', enum: ['REQUESTED', 'SCHEDULED'] },
  ProofVerdict: { type: 'string', enum: ['EQUAL', 'REPAIRED'] },
} as const satisfies Record<string, ShapeModel>;
