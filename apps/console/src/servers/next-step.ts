/** The one thing to do next with a server. Pure; complete by type. */
import type { Mgn } from '@landfall/api/types';
import type { MessageKey } from '../i18n/languages.ts';

export type NextStep =
  | 'install'
  | 'wait'
  | 'repair'
  | 'resume'
  | 'startReplication'
  | 'test'
  | 'finishTest'
  | 'cutover'
  | 'finalize'
  | 'archive'
  | 'reinstall'
  | 'nothing';

const BY_LIFE_CYCLE = {
  DISCOVERED: 'install',
  PENDING_INSTALLATION: 'install',
  NOT_READY: 'wait',
  STOPPED: 'startReplication',
  READY_FOR_TEST: 'test',
  TESTING: 'finishTest',
  READY_FOR_CUTOVER: 'cutover',
  CUTTING_OVER: 'finalize',
  CUTOVER: 'archive',
  DISCONNECTED: 'reinstall',
} as const satisfies Record<Mgn.LifeCycleState, NextStep>;

export function nextStep(server: Mgn.SourceServer): NextStep {
  if (server.isArchived === true) return 'nothing';
  const state = server.lifeCycle?.state ?? 'NOT_READY';
  const step = BY_LIFE_CYCLE[state];
  const replication = server.dataReplicationInfo?.dataReplicationState;
  // Of a machine that takes over one does not wait for the source.
  if (step === 'finalize' || step === 'archive' || step === 'reinstall' || step === 'install') return step;
  if (replication === 'STALLED') return 'repair';
  if (replication === 'PAUSED') return 'resume';
  return step;
}

export function nextStepKey(step: NextStep): MessageKey {
  return `next.${step}`;
}
