/** Inputs that calls have in common. */
import type { InputOf } from '@landfall/api';

export const REPLICATION_TEMPLATE: InputOf<'mgn', 'CreateReplicationConfigurationTemplate'> = {
  stagingAreaSubnetId: 'subnet-0123abcd',
  associateDefaultSecurityGroup: true,
  replicationServersSecurityGroupsIDs: [],
  replicationServerInstanceType: 't3.small',
  useDedicatedReplicationServer: false,
  defaultLargeStagingDiskType: 'GP3',
  ebsEncryption: 'DEFAULT',
  bandwidthThrottling: 0,
  dataPlaneRouting: 'PRIVATE_IP',
  createPublicIP: false,
  stagingAreaTags: {},
};

export const ACTION = {
  actionID: 'a-0123456789abcdef',
  actionName: 'say hello',
  documentIdentifier: 'landfall-check-disks',
  order: 1001,
} as const;
