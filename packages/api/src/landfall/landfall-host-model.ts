/** The shapes of the `landfall` service that tell of launch hosts. */
import type { ShapeModel } from '../service-model.ts';

export const HOST_SHAPES = {
  LaunchHostItem: {
    type: 'structure',
    required: ['launchHostID', 'connected'],
    members: {
      launchHostID: 'Text',
      connected: 'Boolean',
      version: 'Text',
      hostKind: 'Text',
      hostVersion: 'Text',
      accelerator: 'Accelerator',
      acceleratorReason: 'Text',
      firmware: 'LaunchHostFirmwareItems',
      machineTypes: 'LaunchHostMachineTypes',
      networks: 'LaunchHostNetworks',
      cpuCount: 'Count',
      loadPerProcessor: 'Quantity',
      memoryBytes: 'Count',
      freeMemoryBytes: 'Count',
      diskTotalBytes: 'Count',
      diskFreeBytes: 'Count',
      readyAppliance: 'ReadyApplianceState',
      readyApplianceReason: 'Text',
      machines: 'Count',
      lastSeenDateTime: 'Text',
    },
  },
  LaunchHostFirmware: {
    type: 'structure',
    required: ['bootMode', 'files'],
    members: { bootMode: 'Text', files: 'LaunchHostFiles' },
  },
  LaunchHostNetwork: {
    type: 'structure',
    required: ['name', 'kind'],
    members: { name: 'Text', kind: 'Text' },
  },
  LaunchHostItems: { type: 'list', member: 'LaunchHostItem' },
  LaunchHostFirmwareItems: { type: 'list', member: 'LaunchHostFirmware' },
  LaunchHostFiles: { type: 'list', member: 'Text' },
  LaunchHostMachineTypes: { type: 'list', member: 'Text' },
  LaunchHostNetworks: { type: 'list', member: 'LaunchHostNetwork' },
  ReadyApplianceState: { type: 'string', enum: ['READY', 'STARTING', 'NONE'] },
  Accelerator: { type: 'string', enum: ['kvm', 'tcg'] },
} as const satisfies Record<string, ShapeModel>;
