/**
 * What became of the post-launch actions of a server at its last launch that ran any. The machine has the
 * outcomes and their output, and keeps them when it is gone; the job has the names they are told apart by.
 */
import type { Landfall, Mgn } from '@landfall/api/types';
import type { LandfallCall } from '../api/landfall-client.ts';
import type { LiveQuery } from '../api/live-queries.ts';
import type { MgnCall } from '../api/mgn-client.ts';

export interface LastOutcomes {
  readonly machine: Landfall.LaunchedMachine;
  readonly results: readonly Landfall.PostLaunchResult[];
  /** What the actions were called, by `actionID` of the results. */
  readonly names: ReadonlyMap<string, string>;
}

/** Launches that are looked through. */
const MACHINES_MAX = 20;

interface Calls {
  readonly mgn: MgnCall;
  readonly landfall: LandfallCall;
}

/** `null`: no launch of it ran any. */
export function lastOutcomesQuery(calls: Calls, sourceServerID: string): LiveQuery<LastOutcomes | null> {
  return {
    key: `post-launch outcomes of ${sourceServerID}`,
    on: ['LaunchedMachineChanged', 'JobChanged'],
    about: sourceServerID,
    load: async () => {
      const request = { sourceServerIDs: [sourceServerID], maxResults: MACHINES_MAX };
      const { items } = await calls.landfall('DescribeLaunchedMachines', request);
      const machine = items.find(({ postLaunch = [] }) => postLaunch.length > 0);
      if (machine === undefined) return null;
      return { machine, results: machine.postLaunch ?? [], names: await loadActionNames(calls, machine) };
    },
  };
}

/** Of the actions of one machine; empty when its job was deleted. */
export async function loadActionNames(
  { mgn }: Pick<Calls, 'mgn'>,
  { jobID, machineID }: Pick<Landfall.LaunchedMachine, 'jobID' | 'machineID'>,
): Promise<ReadonlyMap<string, string>> {
  const [job] = (await mgn('DescribeJobs', { filters: { jobIDs: [jobID] } })).items ?? [];
  return job === undefined ? new Map() : actionNames(job, machineID);
}

/** `executionID` of a job is the machine's id and the action's. */
export function actionNames(job: Mgn.Job, machineID: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { postLaunchActionsStatus: status } of job.participatingServers ?? []) {
    for (const { executionID = '', ssmDocument } of status?.postLaunchActionsLaunchStatusList ?? []) {
      const [machine, actionID = ''] = executionID.split('/');
      if (machine === machineID && ssmDocument !== undefined) names.set(actionID, ssmDocument.actionName);
    }
  }
  return names;
}

/** The outcome of the action that was called so. */
export function outcomeOf(
  { results, names }: LastOutcomes,
  actionName: string,
): Landfall.PostLaunchResult | undefined {
  return results.find(({ actionID }) => names.get(actionID) === actionName);
}
