/** All servers at a glance, and one page of those that are looked for, in the `landfall` service. */
import type { OperationModel, ShapeModel } from '../service-model.ts';
import { read } from './landfall-operation.ts';

export const FLEET_OPERATIONS = {
  DescribeFleet: read('DescribeFleet'),
  ListServers: read('ListServers'),
} as const satisfies Record<string, OperationModel>;

export const FLEET_SHAPES = {
  DescribeFleetRequest: { type: 'structure', members: { maxAlerts: 'FleetAlertsMax' } },
  DescribeFleetResponse: {
    type: 'structure',
    required: [
      'observedDateTime',
      'servers',
      'protectedServers',
      'lifeCycle',
      'replication',
      'lag',
      'launches',
      'staging',
      'alerts',
      'alertsTotal',
    ],
    members: {
      observedDateTime: 'Text',
      servers: 'Count',
      protectedServers: 'Count',
      lifeCycle: 'LifeCycleCounts',
      replication: 'ReplicationCounts',
      lag: 'FleetLag',
      launches: 'FleetLaunches',
      staging: 'FleetStaging',
      alerts: 'FleetAlerts',
      alertsTotal: 'Count',
    },
  },
  LifeCycleCount: {
    type: 'structure',
    required: ['state', 'servers'],
    members: { state: 'LifeCycleState', servers: 'Count' },
  },
  ReplicationCount: {
    type: 'structure',
    required: ['state', 'servers'],
    members: { state: 'DataReplicationState', servers: 'Count' },
  },
  FleetLag: {
    type: 'structure',
    members: {
      typicalMs: 'Count',
      worstMs: 'Count',
      worstSourceServerID: 'Text',
      worstName: 'Text',
      dayMeanMs: 'Quantity',
      dayWorstMs: 'Quantity',
    },
  },
  FleetLaunches: {
    type: 'structure',
    required: ['measured'],
    members: { measured: 'Count', typicalMs: 'Count' },
  },
  FleetStaging: {
    type: 'structure',
    required: ['replicationServers', 'connected', 'totalBytes', 'freeBytes', 'volumes'],
    members: {
      replicationServers: 'Count',
      connected: 'Count',
      totalBytes: 'Count',
      freeBytes: 'Count',
      volumes: 'FleetVolumes',
    },
  },
  FleetVolume: {
    type: 'structure',
    required: ['replicationServerID', 'host', 'totalBytes', 'freeBytes'],
    members: {
      replicationServerID: 'Text',
      host: 'Text',
      totalBytes: 'Count',
      freeBytes: 'Count',
      sourceServerID: 'Text',
    },
  },
  FleetAlert: {
    type: 'structure',
    required: ['kind', 'rank', 'resourceID', 'name'],
    members: {
      kind: 'FleetAlertKind',
      rank: 'FleetAlertRank',
      resourceID: 'Text',
      name: 'Text',
      sourceServerID: 'Text',
      detail: 'Text',
      sinceDateTime: 'Text',
    },
  },
  LifeCycleCounts: { type: 'list', member: 'LifeCycleCount' },
  ReplicationCounts: { type: 'list', member: 'ReplicationCount' },
  FleetVolumes: { type: 'list', member: 'FleetVolume' },
  FleetAlerts: { type: 'list', member: 'FleetAlert' },
  FleetAlertsMax: { type: 'integer', min: 0, max: 1000 },
  FleetAlertRank: { type: 'string', enum: ['ERROR', 'WARNING'] },
  FleetAlertKind: {
    type: 'string',
    enum: [
      'RANSOMWARE_SUSPECTED',
      'REPLICATION_STALLED',
      'DOES_NOT_CONVERGE',
      'REPLICATION_SERVER_AWAY',
      'NO_LAUNCH_HOST',
      'BOOT_PROOF_FAILED',
      'PREFLIGHT_BLOCKED',
      'MAY_NOT_CONVERGE',
      'STAGING_SPACE',
      'REPLICATION_PAUSED',
      'LAUNCH_HOST_AWAY',
    ],
  },
  ListServersRequest: {
    type: 'structure',
    members: {
      text: 'SearchText',
      filters: 'ListServersFilters',
      sort: 'ServerSort',
      descending: 'Boolean',
      maxResults: 'MaxResultsType',
      nextToken: 'PaginationToken',
    },
  },
  ListServersFilters: {
    type: 'structure',
    members: {
      sourceServerIDs: 'DescribeSourceServersRequestFiltersIDs',
      isArchived: 'Boolean',
      lifeCycleStates: 'LifeCycleStates',
      replicationStates: 'DataReplicationStates',
      applicationIDs: 'ApplicationIDsFilter',
      waveIDs: 'WaveIDsFilter',
    },
  },
  ListServersResponse: {
    type: 'structure',
    required: ['items', 'total'],
    members: { items: 'FoundServers', total: 'Count', nextToken: 'PaginationToken' },
  },
  FoundServers: { type: 'list', member: 'SourceServer' },
  DataReplicationStates: { type: 'list', member: 'DataReplicationState', min: 0, max: 12 },
  SearchText: { type: 'string', min: 0, max: 256 },
  ServerSort: { type: 'string', enum: ['ADDED', 'NAME', 'LAG', 'ETA', 'LIFE_CYCLE'] },
} as const satisfies Record<string, ShapeModel>;
