/** The record a source server begins with, whether an agent enrolled it or an inventory named it. */
import type { SourceDisk, SourceProperties } from '@landfall/model';
import type { NewServerTemplates } from './default-settings.ts';
import { initiationSteps } from './initiation.ts';
import { replicatedDisks } from './replicated-disks.ts';
import type { ReplicationRecord, SourceServerRecord } from './source-server.ts';

export interface NewServer {
  readonly sourceServerId: string;
  readonly sourceProperties: SourceProperties;
  readonly templates: NewServerTemplates;
  readonly nowMs: number;
}

/** Without an agent and without disks: neither has been seen yet. */
export function newServerRecord({
  sourceServerId,
  sourceProperties,
  templates,
  nowMs,
}: NewServer): SourceServerRecord {
  const name = sourceProperties.identificationHints.hostname;
  const { replication, launch } = templates;
  return {
    sourceServerId,
    createdAtMs: nowMs,
    isArchived: false,
    tags: {},
    lifeCycle: { state: 'PENDING_INSTALLATION' },
    replication: {
      desired: 'STOP',
      startedAtMs: nowMs,
      state: 'STOPPED',
      steps: [],
      firstByteAtMs: null,
      pairedAtMs: null,
    },
    replicationServerId: null,
    sourceProperties,
    disks: [],
    launched: null,
    replicationConfiguration: {
      ...replication,
      name,
      bandwidthThrottling: replication.bandwidthThrottling ?? 0,
      replicatedDisks: [],
    },
    launchConfiguration: {
      ...launch,
      name,
      launchDisposition: launch.launchDisposition ?? 'STARTED',
      targetInstanceTypeRightSizingMethod: launch.targetInstanceTypeRightSizingMethod ?? 'BASIC',
      bootMode: launch.bootMode ?? 'USE_SOURCE',
    },
    stagingDiscardedAtMs: null,
  };
}

/** What an agent begins. */
export function newReplication(facts: {
  readonly assigned: boolean;
  readonly nowMs: number;
}): ReplicationRecord {
  const nothing = { replicationServerSeen: false, paired: false, connected: false, firstBytes: false };
  return {
    desired: 'REPLICATE',
    startedAtMs: facts.nowMs,
    state: 'INITIATING',
    steps: initiationSteps({ ...nothing, assigned: facts.assigned }),
    firstByteAtMs: null,
    pairedAtMs: null,
  };
}

/** What is known of a server that no agent has described: the name it was imported by. */
export function unseenProperties(name: string, seenAt: string): SourceProperties {
  return {
    lastUpdatedDateTime: seenAt,
    recommendedInstanceType: '',
    identificationHints: { hostname: name, fqdn: name },
    networkInterfaces: [],
    disks: [],
    cpus: [],
    ramBytes: 0,
    os: { fullString: '' },
  };
}

export function withDisks(server: SourceServerRecord, disks: readonly SourceDisk[]): SourceServerRecord {
  const { replicationConfiguration } = server;
  const settings = { ...replicationConfiguration, replicatedDisks: replicatedDisks(disks) };
  return { ...server, disks, replicationConfiguration: settings };
}
