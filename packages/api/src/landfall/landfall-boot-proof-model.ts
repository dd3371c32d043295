/** The shapes of the `landfall` service that tell of proofs of boot. */
import type { ShapeModel } from '../service-model.ts';

const SCHEDULE_MEMBERS = {
  sourceServerID: 'SourceServerID',
  intervalHours: 'BootProofIntervalHours',
  signsOfLife: 'SignsOfLife',
  lifeTimeoutSeconds: 'LifeTimeoutSeconds',
  proofBeforeCutover: 'Boolean',
} as const;

const SCHEDULE_RESPONSE = {
  type: 'structure',
  required: ['sourceServerID', 'intervalHours', 'signsOfLife', 'lifeTimeoutSeconds', 'proofBeforeCutover'],
  members: { ...SCHEDULE_MEMBERS, nextDateTime: 'Text' },
} as const;

export const BOOT_PROOF_SHAPES = {
  StartBootProofRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID', at: 'PointSelectorString' },
  },
  StartBootProofResponse: {
    type: 'structure',
    required: ['bootProof'],
    members: { bootProof: 'BootProofItem' },
  },
  ListBootProofsRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID' },
  },
  ListBootProofsResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'BootProofItems', nextDateTime: 'Text' },
  },
  DescribeBootProofRequest: {
    type: 'structure',
    required: ['bootProofID'],
    members: { bootProofID: 'BootProofID' },
  },
  DescribeBootProofResponse: {
    type: 'structure',
    required: ['bootProof'],
    members: { bootProof: 'BootProofItem', consoleTail: 'Text', screenshotPngBase64: 'Text' },
  },
  GetBootProofScheduleRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID' },
  },
  GetBootProofScheduleResponse: SCHEDULE_RESPONSE,
  PutBootProofScheduleRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: SCHEDULE_MEMBERS,
  },
  PutBootProofScheduleResponse: SCHEDULE_RESPONSE,
  BootProofItem: {
    type: 'structure',
    required: [
      'bootProofID',
      'sourceServerID',
      'state',
      'trigger',
      'createdDateTime',
      'attempts',
      'isPrepared',
    ],
    members: {
      bootProofID: 'Text',
      sourceServerID: 'Text',
      state: 'BootProofState',
      trigger: 'BootProofTrigger',
      createdDateTime: 'Text',
      endedDateTime: 'Text',
      attempts: 'Count',
      reason: 'Text',
      recoveryPoint: 'LaunchedMachineRecoveryPoint',
      machineID: 'Text',
      launchHostID: 'Text',
      sign: 'SignOfLife',
      seen: 'Text',
      conversionMs: 'Count',
      bootMs: 'Count',
      isPrepared: 'Boolean',
      error: 'LaunchedMachineError',
    },
  },
  BootProofItems: { type: 'list', member: 'BootProofItem' },
  SignOfLife: {
    type: 'structure',
    required: ['kind'],
    members: {
      kind: 'SignOfLifeKind',
      port: 'SignOfLifePort',
      path: 'SignOfLifePath',
      script: 'ScriptDocumentName',
    },
  },
  SignsOfLife: { type: 'list', member: 'SignOfLife', min: 1, max: 8 },
  BootProofID: { type: 'string', min: 1, max: 64, pattern: '[a-zA-Z0-9-]+' },
  BootProofIntervalHours: { type: 'integer', min: 0, max: 87_600 },
  LifeTimeoutSeconds: { type: 'integer', min: 10, max: 86_400 },
  SignOfLifePort: { type: 'integer', min: 1, max: 65_535 },
  SignOfLifePath: { type: 'string', min: 1, max: 1024, pattern: '/[!-~]*' },
  SignOfLifeKind: { type: 'string', enum: ['LOGIN_PROMPT', 'GUEST_AGENT', 'TCP', 'HTTP', 'SCRIPT'] },
  BootProofState: { type: 'string', enum: ['WAITING', 'RUNNING', 'VERIFIED', 'FAILED'] },
  BootProofTrigger: { type: 'string', enum: ['SCHEDULED', 'REQUESTED', 'BEFORE_CUTOVER'] },
} as const satisfies Record<string, ShapeModel>;
