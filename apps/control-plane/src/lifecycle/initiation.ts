/**
 * Initiation of data replication, pure: the documented steps, each done when its fact is known. The embedded
 * network has no security groups to create, so that step is SKIPPED.
 */
import { INITIATION_STEPS, type InitiationStepName } from '@landfall/model';
import type { InitiationStep } from './source-server.ts';

export interface InitiationFacts {
  readonly assigned: boolean;
  /** The replication server has reported lately. */
  readonly replicationServerSeen: boolean;
  /** The replication server has fetched a configuration that lists this server. */
  readonly paired: boolean;
  readonly connected: boolean;
  readonly firstBytes: boolean;
}

const DONE_BY = {
  WAIT: () => true,
  CREATE_SECURITY_GROUP: () => true,
  LAUNCH_REPLICATION_SERVER: (facts) => facts.assigned,
  BOOT_REPLICATION_SERVER: (facts) => facts.assigned && facts.replicationServerSeen,
  AUTHENTICATE_WITH_SERVICE: (facts) => facts.assigned && facts.replicationServerSeen,
  DOWNLOAD_REPLICATION_SOFTWARE: (facts) => facts.assigned && facts.replicationServerSeen,
  CREATE_STAGING_DISKS: (facts) => facts.paired,
  ATTACH_STAGING_DISKS: (facts) => facts.paired,
  PAIR_REPLICATION_SERVER_WITH_AGENT: (facts) => facts.paired,
  CONNECT_AGENT_TO_REPLICATION_SERVER: (facts) => facts.connected || facts.firstBytes,
  START_DATA_TRANSFER: (facts) => facts.firstBytes,
} as const satisfies Record<InitiationStepName, (facts: InitiationFacts) => boolean>;

/** Steps never go back: one that was done in `before` stays done. */
export function initiationSteps(
  facts: InitiationFacts,
  before: readonly InitiationStep[] = [],
): readonly InitiationStep[] {
  if (before.length === INITIATION_STEPS.length && isInitiated(before)) return before;
  const wasDone = (name: InitiationStepName) => before.some((step) => step.name === name && isDone(step));
  const isDoneNow = INITIATION_STEPS.map((name) => wasDone(name) || DONE_BY[name](facts));
  const firstOpen = isDoneNow.indexOf(false);
  return INITIATION_STEPS.map((name, index) => {
    if (firstOpen === -1 || index < firstOpen) return { name, status: doneStatus(name) };
    return { name, status: index === firstOpen ? 'IN_PROGRESS' : 'NOT_STARTED' };
  });
}

export function isInitiated(steps: readonly InitiationStep[]): boolean {
  return steps.length > 0 && steps.every(isDone);
}

function isDone(step: InitiationStep): boolean {
  return step.status === 'SUCCEEDED' || step.status === 'SKIPPED';
}

function doneStatus(name: InitiationStepName): InitiationStep['status'] {
  return name === 'CREATE_SECURITY_GROUP' ? 'SKIPPED' : 'SUCCEEDED';
}
