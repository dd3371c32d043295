/** The shapes of the `landfall` service that tell of launch templates and machine sizes. */

import type { OperationModel, ShapeModel } from '../service-model.ts';
import { read, write } from './landfall-operation.ts';

const MISSING = 'ResourceNotFoundException';

export const LAUNCH_TEMPLATE_OPERATIONS = {
  CreateLaunchTemplateVersion: write('CreateLaunchTemplateVersion', MISSING),
  DescribeLaunchTemplateVersions: read('DescribeLaunchTemplateVersions', MISSING),
  SetDefaultLaunchTemplateVersion: { ...write('SetDefaultLaunchTemplateVersion', MISSING), idempotent: true },
  DeleteLaunchTemplateVersion: write('DeleteLaunchTemplateVersion', 'ConflictException', MISSING),
  ListMachineSizes: read('ListMachineSizes'),
} as const satisfies Record<string, OperationModel>;

export const LAUNCH_TEMPLATE_SHAPES = {
  CreateLaunchTemplateVersionRequest: {
    type: 'structure',
    required: ['sourceServerID', 'launchTemplateData'],
    members: {
      sourceServerID: 'SourceServerID',
      sourceVersion: 'LaunchTemplateVersionSelector',
      versionDescription: 'VersionDescription',
      launchTemplateData: 'LaunchTemplateData',
    },
  },
  CreateLaunchTemplateVersionResponse: {
    type: 'structure',
    required: ['launchTemplateVersion'],
    members: { launchTemplateVersion: 'LaunchTemplateVersion' },
  },
  DescribeLaunchTemplateVersionsRequest: {
    type: 'structure',
    required: ['sourceServerID'],
    members: {
      sourceServerID: 'SourceServerID',
      versions: 'LaunchTemplateVersionSelectors',
      maxResults: 'MaxResultsType',
      nextToken: 'PaginationToken',
    },
  },
  DescribeLaunchTemplateVersionsResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'LaunchTemplateVersions', nextToken: 'PaginationToken' },
  },
  SetDefaultLaunchTemplateVersionRequest: {
    type: 'structure',
    required: ['sourceServerID', 'version'],
    members: { sourceServerID: 'SourceServerID', version: 'LaunchTemplateVersionSelector' },
  },
  SetDefaultLaunchTemplateVersionResponse: {
    type: 'structure',
    required: ['launchTemplateVersion'],
    members: { launchTemplateVersion: 'LaunchTemplateVersion' },
  },
  DeleteLaunchTemplateVersionRequest: {
    type: 'structure',
    required: ['sourceServerID', 'version'],
    members: { sourceServerID: 'SourceServerID', version: 'LaunchTemplateVersionSelector' },
  },
  DeleteLaunchTemplateVersionResponse: { type: 'structure', members: {} },
  ListMachineSizesRequest: { type: 'structure', members: {} },
  ListMachineSizesResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'MachineSizeItems' },
  },
  MachineSizeItem: {
    type: 'structure',
    required: ['name', 'cpuCount', 'memoryBytes'],
    members: { name: 'Text', cpuCount: 'Count', memoryBytes: 'Count' },
  },
  LaunchTemplateVersion: {
    type: 'structure',
    required: [
      'launchTemplateID',
      'sourceServerID',
      'versionNumber',
      'isDefault',
      'createdDateTime',
      'launchTemplateData',
    ],
    members: {
      launchTemplateID: 'Text',
      sourceServerID: 'Text',
      versionNumber: 'Count',
      isDefault: 'Boolean',
      createdDateTime: 'Text',
      versionDescription: 'Text',
      launchTemplateData: 'LaunchTemplateData',
    },
  },
  LaunchTemplateData: {
    type: 'structure',
    members: {
      instanceType: 'MachineSizeName',
      networkName: 'NetworkName',
      inboundPorts: 'TcpPorts',
      inboundTraffic: 'InboundTraffic',
      addresses: 'LaunchTemplateAddresses',
      disks: 'LaunchTemplateDisks',
      conversionMethod: 'ConversionMethod',
      hydrationStart: 'HydrationStart',
      hydrationBytesPerSecondMax: 'HydrationSpeed',
      tags: 'TagsMap',
    },
  },
  InboundTraffic: { type: 'string', enum: ['LISTED_PORTS', 'ALL'] },
  ConversionMethod: { type: 'string', enum: ['AUTOMATIC', 'LANDFALL', 'VIRT_V2V'] },
  HydrationStart: { type: 'string', enum: ['AFTER_LAUNCH', 'AT_FINALIZE'] },
  LaunchTemplateAddress: {
    type: 'structure',
    required: ['address'],
    members: { address: 'AddressWithPrefix', gateway: 'IpAddress', nameServers: 'IpAddresses' },
  },
  LaunchTemplateDisk: {
    type: 'structure',
    required: ['deviceName'],
    members: {
      deviceName: 'DiskDeviceName',
      volumeType: 'DiskVolumeType',
      iops: 'DiskIops',
      throughput: 'DiskThroughput',
      deleteOnTermination: 'Boolean',
    },
  },
  LaunchTemplateVersions: { type: 'list', member: 'LaunchTemplateVersion' },
  LaunchTemplateVersionSelectors: { type: 'list', member: 'LaunchTemplateVersionSelector', max: 200 },
  LaunchTemplateAddresses: { type: 'list', member: 'LaunchTemplateAddress', max: 16 },
  LaunchTemplateDisks: { type: 'list', member: 'LaunchTemplateDisk', max: 60 },
  MachineSizeItems: { type: 'list', member: 'MachineSizeItem' },
  TcpPorts: { type: 'list', member: 'TcpPort', max: 100 },
  IpAddresses: { type: 'list', member: 'IpAddress', max: 8 },
  LaunchTemplateVersionSelector: {
    type: 'string',
    min: 1,
    max: 10,
    pattern: '\\$Default|\\$Latest|[1-9][0-9]{0,8}',
  },
  VersionDescription: { type: 'string', max: 255 },
  MachineSizeName: { type: 'string', min: 1, max: 64, pattern: '[A-Za-z0-9][A-Za-z0-9._-]*' },
  NetworkName: { type: 'string', min: 1, max: 64, pattern: '[A-Za-z0-9][A-Za-z0-9._-]*' },
  AddressWithPrefix: { type: 'string', min: 4, max: 64, pattern: '[0-9a-fA-F.:]+/[0-9]{1,3}' },
  IpAddress: { type: 'string', min: 2, max: 64, pattern: '[0-9a-fA-F.:]+' },
  DiskDeviceName: { type: 'string', min: 1, max: 256, pattern: '[^\\x00-\\x1f]+' },
  DiskVolumeType: { type: 'string', enum: ['io1', 'io2', 'gp3', 'gp2', 'st1', 'sc1', 'standard'] },
  TcpPort: { type: 'integer', min: 1, max: 65_535 },
  DiskIops: { type: 'integer', min: 100, max: 64_000 },
  DiskThroughput: { type: 'integer', min: 125, max: 2000 },
} as const satisfies Record<string, ShapeModel>;
