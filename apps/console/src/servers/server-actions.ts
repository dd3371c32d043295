/**
 * What can be done with servers, and when. The service decides in the end (its lifecycle refuses what does
 * not fit); this table only keeps people from pressing what would be refused. Pure but for `run`.
 */
import type { Mgn } from '@landfall/api/types';
import type { MgnCall } from '../api/mgn-client.ts';
import type { MessageKey } from '../i18n/languages.ts';
import { type MachineReplacement, machineReplacement } from './machine-replacement.ts';

export const SERVER_ACTIONS = [
  'test',
  'markReady',
  'revertTest',
  'cutover',
  'revertCutover',
  'finalize',
  'terminate',
  'pause',
  'resume',
  'start',
  'stop',
  'disconnect',
  'archive',
  'delete',
] as const;
export type ServerActionName = (typeof SERVER_ACTIONS)[number];
export type ServerActionGroup = 'launch' | 'replication' | 'end';

export interface ServerAction {
  readonly group: ServerActionGroup;
  /** Something is lost that cannot be had back: the word is asked for, not only a click. */
  readonly isFinal: boolean;
  /** It starts a machine in the place of the one that the server has. */
  readonly replacesMachine?: true;
  readonly isPossible: (server: Mgn.SourceServer) => boolean;
  /** For all of them in one call; absent: one call for each. */
  readonly runAll?: (mgn: MgnCall, sourceServerIDs: readonly string[]) => Promise<unknown>;
  readonly run: (mgn: MgnCall, sourceServerID: string) => Promise<unknown>;
}

type State = Mgn.LifeCycleState;

function inState(...states: readonly State[]) {
  return (server: Mgn.SourceServer) =>
    server.isArchived !== true && states.includes(server.lifeCycle?.state ?? 'NOT_READY');
}

function hasPoint(server: Mgn.SourceServer): boolean {
  return server.dataReplicationInfo?.lagDuration !== undefined;
}

function replicates(server: Mgn.SourceServer): boolean {
  const state = server.dataReplicationInfo?.dataReplicationState ?? 'DISCONNECTED';
  return !['STOPPED', 'DISCONNECTED'].includes(state);
}

const ACTIVE: readonly State[] = [
  'NOT_READY',
  'READY_FOR_TEST',
  'TESTING',
  'READY_FOR_CUTOVER',
  'CUTTING_OVER',
];
const ENDED: readonly State[] = ['CUTOVER', 'DISCONNECTED'];

function change(state: Mgn.ChangeServerLifeCycleStateSourceServerLifecycleState) {
  return (mgn: MgnCall, sourceServerID: string) =>
    mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state } });
}

export const ACTIONS: Readonly<Record<ServerActionName, ServerAction>> = {
  test: {
    group: 'launch',
    isFinal: false,
    replacesMachine: true,
    isPossible: (server) => hasPoint(server) && inState('READY_FOR_TEST', 'TESTING')(server),
    runAll: (mgn, sourceServerIDs) => mgn('StartTest', { sourceServerIDs }),
    run: (mgn, id) => mgn('StartTest', { sourceServerIDs: [id] }),
  },
  markReady: {
    group: 'launch',
    isFinal: false,
    isPossible: (server) => hasPoint(server) && inState('READY_FOR_TEST', 'TESTING')(server),
    run: change('READY_FOR_CUTOVER'),
  },
  revertTest: {
    group: 'launch',
    isFinal: false,
    isPossible: (server) => hasPoint(server) && inState('TESTING', 'READY_FOR_CUTOVER')(server),
    run: change('READY_FOR_TEST'),
  },
  cutover: {
    group: 'launch',
    isFinal: false,
    replacesMachine: true,
    isPossible: (server) => hasPoint(server) && inState('READY_FOR_CUTOVER', 'CUTTING_OVER')(server),
    runAll: (mgn, sourceServerIDs) => mgn('StartCutover', { sourceServerIDs }),
    run: (mgn, id) => mgn('StartCutover', { sourceServerIDs: [id] }),
  },
  revertCutover: {
    group: 'launch',
    isFinal: false,
    isPossible: (server) => hasPoint(server) && inState('CUTTING_OVER')(server),
    run: change('READY_FOR_CUTOVER'),
  },
  finalize: {
    group: 'launch',
    isFinal: true,
    isPossible: (server) => server.launchedInstance !== undefined && inState('CUTTING_OVER')(server),
    run: (mgn, sourceServerID) => mgn('FinalizeCutover', { sourceServerID }),
  },
  terminate: {
    group: 'launch',
    isFinal: true,
    isPossible: (server) =>
      server.launchedInstance !== undefined &&
      inState('READY_FOR_TEST', 'READY_FOR_CUTOVER', 'STOPPED', 'DISCONNECTED')(server),
    runAll: (mgn, sourceServerIDs) => mgn('TerminateTargetInstances', { sourceServerIDs }),
    run: (mgn, id) => mgn('TerminateTargetInstances', { sourceServerIDs: [id] }),
  },
  pause: {
    group: 'replication',
    isFinal: false,
    isPossible: (server) =>
      inState(...ACTIVE)(server) &&
      replicates(server) &&
      server.dataReplicationInfo?.dataReplicationState !== 'PAUSED',
    run: (mgn, sourceServerID) => mgn('PauseReplication', { sourceServerID }),
  },
  resume: {
    group: 'replication',
    isFinal: false,
    isPossible: (server) => server.dataReplicationInfo?.dataReplicationState === 'PAUSED',
    run: (mgn, sourceServerID) => mgn('ResumeReplication', { sourceServerID }),
  },
  start: {
    group: 'replication',
    isFinal: false,
    isPossible: inState('STOPPED', 'DISCOVERED'),
    run: (mgn, sourceServerID) => mgn('StartReplication', { sourceServerID }),
  },
  stop: {
    group: 'replication',
    isFinal: true,
    isPossible: (server) => inState(...ACTIVE)(server) && replicates(server),
    run: (mgn, sourceServerID) => mgn('StopReplication', { sourceServerID }),
  },
  disconnect: {
    group: 'end',
    isFinal: true,
    isPossible: (server) => inState(...ACTIVE, 'STOPPED', 'DISCOVERED')(server),
    run: (mgn, sourceServerID) => mgn('DisconnectFromService', { sourceServerID }),
  },
  archive: {
    group: 'end',
    isFinal: false,
    isPossible: inState(...ENDED),
    run: (mgn, sourceServerID) => mgn('MarkAsArchived', { sourceServerID }),
  },
  delete: {
    group: 'end',
    isFinal: true,
    // Archived ones too: that is what is left to do with them.
    isPossible: (server) =>
      [...ENDED, 'STOPPED', 'PENDING_INSTALLATION', 'DISCOVERED'].includes(server.lifeCycle?.state ?? ''),
    run: (mgn, sourceServerID) => mgn('DeleteSourceServer', { sourceServerID }),
  },
};

export function actionKey(name: ServerActionName): MessageKey {
  return `servers.action.${name}`;
}

/** What happens and what will be lost, in words. */
export function consequenceKey(name: ServerActionName): MessageKey {
  return `servers.confirm.${name}`;
}

/** Which machines the action ends by starting others. */
export function replacementBy(
  name: ServerActionName,
  servers: readonly Mgn.SourceServer[],
): MachineReplacement {
  return machineReplacement(ACTIONS[name].replacesMachine === true ? servers : []);
}

/** Whether the word is asked for before it is done with these. */
export function isFinalFor(name: ServerActionName, servers: readonly Mgn.SourceServer[]): boolean {
  return ACTIONS[name].isFinal || replacementBy(name, servers).isFinal;
}

export interface ActionOutcome {
  readonly done: readonly string[];
  readonly failed: readonly { readonly sourceServerID: string; readonly error: unknown }[];
}

/** One after another, so that what fails for one does not keep the others from it. */
export async function runAction(
  name: ServerActionName,
  mgn: MgnCall,
  sourceServerIDs: readonly string[],
): Promise<ActionOutcome> {
  const { run, runAll } = ACTIONS[name];
  if (runAll !== undefined) {
    await runAll(mgn, sourceServerIDs);
    return { done: sourceServerIDs, failed: [] };
  }
  const outcome = { done: [] as string[], failed: [] as { sourceServerID: string; error: unknown }[] };
  for (const sourceServerID of sourceServerIDs) {
    await run(mgn, sourceServerID).then(
      () => outcome.done.push(sourceServerID),
      (error: unknown) => outcome.failed.push({ sourceServerID, error }),
    );
  }
  return outcome;
}
