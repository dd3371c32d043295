/** The shapes of the `landfall` service that tell of preflights. */
import type { ShapeModel } from '../service-model.ts';

export const PREFLIGHT_SHAPES = {
  StartPreflightRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID', at: 'PointSelectorString' },
  },
  StartPreflightResponse: {
    type: 'structure',
    required: ['preflight'],
    members: { preflight: 'PreflightItem' },
  },
  DescribePreflightRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: { sourceServerID: 'SourceServerID' },
  },
  DescribePreflightResponse: { type: 'structure', members: { preflight: 'PreflightItem' } },
  PreflightItem: {
    type: 'structure',
    required: ['preflightID', 'sourceServerID', 'state', 'trigger', 'createdDateTime', 'attempts'],
    members: {
      preflightID: 'Text',
      sourceServerID: 'Text',
      state: 'PreflightState',
      trigger: 'PreflightTrigger',
      createdDateTime: 'Text',
      attempts: 'Count',
      reason: 'Text',
      nextAttemptDateTime: 'Text',
      report: 'PreflightReport',
    },
  },
  PreflightReport: {
    type: 'structure',
    required: ['recoveryPoint', 'inspectedDateTime', 'durationMs', 'operatingSystem', 'facts', 'findings'],
    members: {
      recoveryPoint: 'LaunchedMachineRecoveryPoint',
      inspectedDateTime: 'Text',
      durationMs: 'Count',
      operatingSystem: 'Text',
      bootMode: 'PreflightBootMode',
      facts: 'PreflightFacts',
      findings: 'PreflightFindings',
    },
  },
  PreflightFact: {
    type: 'structure',
    required: ['name', 'value'],
    members: { name: 'Text', value: 'Text' },
  },
  PreflightFinding: {
    type: 'structure',
    required: ['rank', 'code', 'what', 'why'],
    members: { rank: 'FindingRank', code: 'Text', what: 'Text', why: 'Text', fix: 'Text' },
  },
  PreflightFacts: { type: 'list', member: 'PreflightFact' },
  PreflightFindings: { type: 'list', member: 'PreflightFinding' },
  PreflightState: { type: 'string', enum: ['WAITING', 'RUNNING', 'COMPLETE', 'FAILED'] },
  PreflightTrigger: { type: 'string', enum: ['FIRST_POINT', 'REQUESTED'] },
  PreflightBootMode: { type: 'string', enum: ['LEGACY_BIOS', 'UEFI'] },
  FindingRank: { type: 'string', enum: ['BLOCKER', 'WILL_BE_FIXED', 'NOTE'] },
} as const satisfies Record<string, ShapeModel>;
