/** Shapes of launched machines, for `landfall-model.ts`. Types: `landfall-types.ts`. */
import type { ShapeModel } from '../service-model.ts';

export const MACHINE_SHAPES = {
  DescribeLaunchedMachinesRequest: {
    type: 'structure',
    members: {
      sourceServerIDs: 'DescribeSourceServersRequestFiltersIDs',
      machineIDs: 'MachineIDs',
      phases: 'LaunchedMachinePhases',
      maxResults: 'MaxResultsType',
      nextToken: 'PaginationToken',
    },
  },
  HydrateMachineRequest: {
    type: 'structure',
    required: ['machineID'],
    members: { machineID: 'MachineID', bytesPerSecondMax: 'HydrationSpeed' },
  },
  HydrateMachineResponse: {
    type: 'structure',
    required: ['machine'],
    members: { machine: 'LaunchedMachine' },
  },
  GetConsoleOutputRequest: {
    type: 'structure',
    required: ['machineID'],
    members: { machineID: 'MachineID', tailBytes: 'ConsoleTailBytes' },
  },
  GetConsoleScreenshotRequest: {
    type: 'structure',
    required: ['machineID'],
    members: { machineID: 'MachineID' },
  },
  DescribeLaunchedMachinesResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'LaunchedMachines', nextToken: 'PaginationToken' },
  },
  GetConsoleOutputResponse: { type: 'structure', required: ['text'], members: { text: 'Text' } },
  GetConsoleScreenshotResponse: {
    type: 'structure',
    required: ['pngBase64'],
    members: { pngBase64: 'Text' },
  },
  LaunchedMachine: {
    type: 'structure',
    required: [
      'machineID',
      'sourceServerID',
      'jobID',
      'purpose',
      'phase',
      'recoveryPoint',
      'published',
      'hydration',
      'conversion',
    ],
    members: {
      machineID: 'Text',
      sourceServerID: 'Text',
      jobID: 'Text',
      purpose: 'LaunchPurpose',
      phase: 'LaunchedMachinePhase',
      recoveryPoint: 'LaunchedMachineRecoveryPoint',
      published: 'PublishedPorts',
      hydration: 'Hydration',
      conversion: 'ConversionSteps',
      startedDateTime: 'Text',
      error: 'LaunchedMachineError',
      instanceType: 'Text',
      tags: 'TagsMap',
      postLaunch: 'PostLaunchResults',
    },
  },
  PostLaunchResult: {
    type: 'structure',
    required: ['actionID', 'state', 'output'],
    members: {
      actionID: 'Text',
      state: 'PostLaunchState',
      exitCode: 'ExitCode',
      output: 'Text',
      startedDateTime: 'Text',
      endedDateTime: 'Text',
    },
  },
  LaunchedMachineRecoveryPoint: {
    type: 'structure',
    required: ['epoch', 'cutDateTime'],
    members: { epoch: 'Count', cutDateTime: 'Text', consistency: 'RecoveryPointConsistency' },
  },
  PublishedPort: {
    type: 'structure',
    required: ['guestPort', 'host', 'port'],
    members: { guestPort: 'Count', host: 'Text', port: 'Count' },
  },
  ConversionStep: {
    type: 'structure',
    required: ['step', 'detail', 'durationMs'],
    members: { step: 'Text', detail: 'Text', durationMs: 'Quantity' },
  },
  LaunchedMachineError: {
    type: 'structure',
    required: ['code', 'message'],
    members: { code: 'Text', message: 'Text', hint: 'Text' },
  },
  LaunchedMachines: { type: 'list', member: 'LaunchedMachine' },
  LaunchedMachinePhases: { type: 'list', member: 'LaunchedMachinePhase', min: 0, max: 7 },
  MachineIDs: { type: 'list', member: 'MachineID', min: 0, max: 200 },
  PublishedPorts: { type: 'list', member: 'PublishedPort' },
  PostLaunchResults: { type: 'list', member: 'PostLaunchResult' },
  ConversionSteps: { type: 'list', member: 'ConversionStep' },
  HydrationSpeed: { type: 'long', min: 0, max: 1_099_511_627_776 },
  LaunchedMachinePhase: {
    type: 'string',
    enum: ['CONVERTING', 'CONVERTED', 'STARTING', 'RUNNING', 'STOPPED', 'FAILED', 'TERMINATED'],
  },
} as const satisfies Readonly<Record<string, ShapeModel>>;
