/** Records of source servers as enrolment makes them, for tests of what keeps them. */
import type { LifeCycleState } from '@landfall/model';
import { DEFAULT_LAUNCH_SETTINGS, DEFAULT_REPLICATION_SETTINGS } from '../lifecycle/default-settings.ts';
import { newReplication, newServerRecord, withDisks } from '../lifecycle/new-server.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { SOURCE_DISKS, SOURCE_PROPERTIES } from './source-fixtures.ts';

export interface ServerFacts {
  readonly sourceServerId: string;
  readonly createdAtMs: number;
  readonly state?: LifeCycleState;
  readonly isArchived?: boolean;
  readonly applicationId?: string;
  readonly replicationServerId?: string;
}

export function serverRecord(facts: ServerFacts): SourceServerRecord {
  const { sourceServerId, createdAtMs, state = 'NOT_READY', isArchived = false } = facts;
  const { applicationId, replicationServerId = null } = facts;
  const templates = {
    replication: { ...DEFAULT_REPLICATION_SETTINGS },
    launch: { ...DEFAULT_LAUNCH_SETTINGS },
    launchTemplateId: 'lct-1',
  };
  const sourceProperties = SOURCE_PROPERTIES;
  const seen = newServerRecord({ sourceServerId, sourceProperties, templates, nowMs: createdAtMs });
  return {
    ...withDisks(seen, SOURCE_DISKS),
    lifeCycle: { state },
    replication: newReplication({ assigned: replicationServerId !== null, nowMs: createdAtMs }),
    isArchived,
    replicationServerId,
    ...(applicationId === undefined ? {} : { applicationId }),
  };
}
