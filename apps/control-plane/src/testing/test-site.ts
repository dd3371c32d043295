/** A control plane with a replication server, a launch host and a server that has recovery points. */
import type { TestContext } from 'node:test';
import type { Landfall, Mgn } from '@landfall/api';
import type { Clock } from '@landfall/runtime';
import { type SimulatedLaunchHost, simulateLaunchHost } from './simulated-launch-host.ts';
import {
  type SimulatedAgent,
  type SimulatedReplicationServer,
  simulateAgent,
  simulateReplicationServer,
} from './simulated-programs.ts';
import { startTestControlPlane, type TestControlPlane } from './test-control-plane.ts';
import { waitFor } from './wait-for.ts';

export interface TestSite {
  readonly plane: TestControlPlane;
  readonly replication: SimulatedReplicationServer;
  readonly host: SimulatedLaunchHost;
  /** Not `inspected`: its first preflight may still be under way, with its export. */
  addAgent(options?: { readonly inspected: boolean }): Promise<SimulatedAgent>;
  /** Launches of it follow its template with these changes from now on. */
  changeTemplate(sourceServerId: string, change: Landfall.LaunchTemplateData): Promise<void>;
  server(sourceServerId: string): Promise<Mgn.SourceServer>;
  untilState(sourceServerId: string, state: Mgn.LifeCycleState): Promise<Mgn.SourceServer>;
  untilJobEnds(jobId: string | undefined): Promise<Mgn.Job>;
  logOf(jobId: string | undefined): Promise<readonly (string | undefined)[]>;
}

export async function startTestSite(
  t: TestContext,
  options: { readonly clock?: Clock; readonly consoleDir?: string; readonly bootGraceMs?: number } = {},
): Promise<TestSite> {
  const plane = await startTestControlPlane(t, options);
  await plane.api.mgn('InitializeService', {});
  const replication = await simulateReplicationServer(t, await plane.token('replication-server'));
  const host = await simulateLaunchHost(t, await plane.token('launch-host'));
  const server = async (sourceServerId: string) => {
    const { items = [] } = await plane.api.mgn('DescribeSourceServers', {
      filters: { sourceServerIDs: [sourceServerId] },
    });
    return items[0] ?? {};
  };
  return {
    plane,
    replication,
    host,
    server,
    addAgent: async ({ inspected } = { inspected: true }) => {
      const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
      const agent = await simulateAgent(t, token);
      replication.replicas.set(agent.sourceServerId, agent.replica);
      agent.synced = true;
      await waitFor(
        'the first recovery point',
        () => server(agent.sourceServerId),
        ({ lifeCycle }) => lifeCycle?.state === 'READY_FOR_TEST',
      );
      if (inspected) await untilInspected(plane, replication, agent.sourceServerId);
      return agent;
    },
    changeTemplate: async (sourceServerID, launchTemplateData) => {
      const wish = { sourceServerID, sourceVersion: '$Default', launchTemplateData };
      const { launchTemplateVersion } = await plane.api.landfall('CreateLaunchTemplateVersion', wish);
      const version = String(launchTemplateVersion.versionNumber);
      await plane.api.landfall('SetDefaultLaunchTemplateVersion', { sourceServerID, version });
    },
    untilState: (sourceServerId, state) =>
      waitFor(
        `state ${state}`,
        () => server(sourceServerId),
        ({ lifeCycle }) => lifeCycle?.state === state,
      ),
    untilJobEnds: async (jobId = '') => {
      const ask = async () =>
        (await plane.api.mgn('DescribeJobs', { filters: { jobIDs: [jobId] } })).items?.[0];
      const job = await waitFor(`the end of ${jobId}`, ask, (seen) => seen?.status === 'COMPLETED');
      return job ?? { jobID: jobId };
    },
    logOf: async (jobID = '') => {
      const { items = [] } = await plane.api.mgn('DescribeJobLogItems', { jobID });
      return items.map(({ event }) => event);
    },
  };
}

async function untilInspected(
  { api }: TestControlPlane,
  { exports }: SimulatedReplicationServer,
  sourceServerID: string,
): Promise<void> {
  const ask = async () => {
    const { preflight } = await api.landfall('DescribePreflight', { sourceServerID });
    const isReading = [...exports.keys()].some((exportId) => exportId.startsWith('preflight-'));
    return { ...preflight, isReading };
  };
  const isDone = ({ state, isReading }: Awaited<ReturnType<typeof ask>>) =>
    state === 'COMPLETE' && !isReading;
  await waitFor('the first preflight', ask, isDone);
}
