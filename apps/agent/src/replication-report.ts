/** The replication part of a report, before and beside the sender's own word. */
import type { AgentReport } from '@landfall/channel';
import type { DataReplicationState, SourceDisk, SourceProperties } from '@landfall/model';

export type ReplicationFacts = AgentReport['replication'];

export function initialReport(
  version: string,
  sourceProperties: SourceProperties,
  disks: readonly SourceDisk[],
): AgentReport {
  return { version, sourceProperties, disks, replication: idleReplication('INITIATING', disks) };
}

/** Nothing replicated yet, or nothing any more. */
export function idleReplication(
  state: DataReplicationState,
  disks: readonly Pick<SourceDisk, 'deviceName' | 'sizeBytes'>[],
): ReplicationFacts {
  return {
    state,
    disks: disks.map((disk) => ({
      deviceName: disk.deviceName,
      totalStorageBytes: disk.sizeBytes,
      replicatedStorageBytes: 0,
      rescannedStorageBytes: 0,
      backloggedStorageBytes: 0,
    })),
    lagMs: null,
    etaMs: null,
    lastEpoch: 0,
    connected: false,
    bytesRead: 0,
    bytesSent: 0,
    firstSyncDurationMs: null,
    lagP50Ms: null,
    lagP99Ms: null,
  };
}
