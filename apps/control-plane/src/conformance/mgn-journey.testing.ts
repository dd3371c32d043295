/**
 * Every operation of MGN, called in its right state as its users call it, on a site with simulated programs.
 * What answered is written down; what has nothing to act on must refuse with the exception its model names.
 * What a client does not know is done for it by our own, so that every client goes the same way.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { systemClock } from '@landfall/runtime';
import { enrolAgent, newIdentity } from '../testing/simulated-programs.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';
import type { CallMgn, MgnClient, OpenMgnClient } from './mgn-client.testing.ts';
import { ACTION, REPLICATION_TEMPLATE } from './mgn-inputs.testing.ts';
import { refuseEach } from './mgn-refusals.testing.ts';

/** What became of an operation: it worked, or the exception it rightly answered with. */
export type Outcomes = ReadonlyMap<string, 'works' | (string & {})>;

export interface ClientOutcomes {
  /** That the client knows. */
  readonly operations: readonly string[];
  readonly outcomes: Outcomes;
  /** The exception each was refused with, called wrongly. */
  readonly refusals: ReadonlyMap<string, string>;
}

/** Longer than an agent may be silent. */
const SILENT_MS = 2 * 60_000;

interface Journey {
  readonly site: TestSite;
  readonly mgn: CallMgn;
  readonly outcomes: Map<string, string>;
}

export async function runMgnJourney(t: TestContext, open: OpenMgnClient): Promise<ClientOutcomes> {
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  const site = await startTestSite(t, { clock });
  const client = await open(t, site.plane.admin);
  const outcomes = new Map<string, string>();
  const journey = { site, mgn: recording(site, client, outcomes), outcomes };
  await journey.mgn('InitializeService', {});
  const silent = await enrolSilent(site);
  await useTemplates(journey);
  const { sourceServerId } = await site.addAgent();
  await useConfiguration(journey, sourceServerId);
  await useGroups(journey, sourceServerId);
  await useConnectors(journey);
  await useInventory(journey);
  const refusals = await refuseEach(t, { site, client, open, sourceServerId });
  await useReplicationControl(journey);
  await useLifeCycle(journey, sourceServerId);
  aheadMs = SILENT_MS;
  const retried = await journey.mgn('RetryDataReplication', { sourceServerID: silent });
  assert.equal(retried.dataReplicationInfo?.dataReplicationState, 'STALLED');
  return { operations: client.operations, outcomes, refusals };
}

/** Writes down every call of the client that was answered. */
function recording({ plane }: TestSite, client: MgnClient, outcomes: Map<string, string>): CallMgn {
  return async (name, input) => {
    if (!client.operations.includes(name)) return plane.api.mgn(name, input);
    const answer = await client.call(name, input);
    outcomes.set(name, 'works');
    return answer;
  };
}

/** An agent that is never heard of again. */
async function enrolSilent({ plane }: TestSite): Promise<string> {
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  return (await enrolAgent(token, newIdentity())).programId;
}

async function useTemplates({ mgn }: Journey): Promise<void> {
  const replication = await mgn('CreateReplicationConfigurationTemplate', REPLICATION_TEMPLATE);
  const { replicationConfigurationTemplateID } = replication;
  const updated = await mgn('UpdateReplicationConfigurationTemplate', {
    replicationConfigurationTemplateID,
    bandwidthThrottling: 10,
  });
  assert.equal(updated.bandwidthThrottling, 10);
  const { items: replications = [] } = await mgn('DescribeReplicationConfigurationTemplates', {
    replicationConfigurationTemplateIDs: [replicationConfigurationTemplateID],
  });
  assert.deepEqual(replications, [updated]);
  await mgn('DeleteReplicationConfigurationTemplate', { replicationConfigurationTemplateID });
  const { launchConfigurationTemplateID } = await mgn('CreateLaunchConfigurationTemplate', {});
  const changed = await mgn('UpdateLaunchConfigurationTemplate', {
    launchConfigurationTemplateID,
    postLaunchActions: { deployment: 'TEST_AND_CUTOVER' },
  });
  assert.equal(changed.postLaunchActions?.deployment, 'TEST_AND_CUTOVER');
  const { items: launches = [] } = await mgn('DescribeLaunchConfigurationTemplates', {
    launchConfigurationTemplateIDs: [launchConfigurationTemplateID],
  });
  assert.deepEqual(launches, [changed]);
  await mgn('PutTemplateAction', { launchConfigurationTemplateID, ...ACTION });
  const { items = [] } = await mgn('ListTemplateActions', { launchConfigurationTemplateID });
  assert.deepEqual(
    items.map(({ actionName }) => actionName),
    [ACTION.actionName],
  );
  await mgn('RemoveTemplateAction', { launchConfigurationTemplateID, actionID: ACTION.actionID });
  await mgn('DeleteLaunchConfigurationTemplate', { launchConfigurationTemplateID });
}

async function useConfiguration({ mgn }: Journey, sourceServerID: string): Promise<void> {
  const { items: servers = [] } = await mgn('DescribeSourceServers', {
    filters: { sourceServerIDs: [sourceServerID], isArchived: false },
  });
  assert.equal(servers[0]?.lifeCycle?.state, 'READY_FOR_TEST');
  assert.equal(servers[0]?.sourceProperties?.disks?.length, 2);
  await mgn('UpdateSourceServer', {
    sourceServerID,
    userProvidedID: 'rack 7',
  } as Parameters<CallMgn>[1] as never);
  await mgn('UpdateSourceServerReplicationType', { sourceServerID, replicationType: 'AGENT_BASED' });
  const before = await mgn('GetReplicationConfiguration', { sourceServerID });
  assert.equal(before.replicatedDisks?.length, 2);
  const throttled = await mgn('UpdateReplicationConfiguration', { sourceServerID, bandwidthThrottling: 7 });
  assert.deepEqual(throttled, { ...before, bandwidthThrottling: 7 });
  await mgn('UpdateReplicationConfiguration', { sourceServerID, bandwidthThrottling: 0 });
  const configuration = await mgn('GetLaunchConfiguration', { sourceServerID });
  const copying = await mgn('UpdateLaunchConfiguration', { sourceServerID, copyTags: true });
  assert.deepEqual(copying, { ...configuration, copyTags: true });
  await mgn('PutSourceServerAction', { sourceServerID, ...ACTION });
  const { items: actions = [] } = await mgn('ListSourceServerActions', { sourceServerID });
  assert.deepEqual(
    actions.map(({ order }) => order),
    [ACTION.order],
  );
  await mgn('RemoveSourceServerAction', { sourceServerID, actionID: ACTION.actionID });
}

async function useGroups({ mgn }: Journey, sourceServerId: string): Promise<void> {
  const { applicationID = '', arn = '' } = await mgn('CreateApplication', { name: 'shop' });
  const { waveID = '' } = await mgn('CreateWave', { name: 'first' });
  const shop = await mgn('UpdateApplication', { applicationID, description: 'web shop' });
  assert.equal(shop.description, 'web shop');
  const first = await mgn('UpdateWave', { waveID, description: 'the easy ones' });
  assert.equal(first.description, 'the easy ones');
  await mgn('AssociateSourceServers', { applicationID, sourceServerIDs: [sourceServerId] });
  await mgn('AssociateApplications', { waveID, applicationIDs: [applicationID] });
  const { items: applications = [] } = await mgn('ListApplications', { filters: { waveIDs: [waveID] } });
  assert.equal(applications[0]?.applicationAggregatedStatus?.totalSourceServers, 1);
  assert.equal((await mgn('ListWaves', {})).items?.[0]?.waveAggregatedStatus?.totalApplications, 1);
  await mgn('TagResource', { resourceArn: arn, tags: { a: '1', b: '2' } });
  await mgn('UntagResource', { resourceArn: arn, tagKeys: ['b'] });
  assert.deepEqual((await mgn('ListTagsForResource', { resourceArn: arn })).tags, { a: '1' });
  await mgn('DisassociateSourceServers', { applicationID, sourceServerIDs: [sourceServerId] });
  assert.equal((await mgn('ArchiveApplication', { applicationID })).isArchived, true);
  assert.equal((await mgn('ArchiveWave', { waveID })).isArchived, true);
  assert.equal((await mgn('UnarchiveWave', { waveID })).isArchived, false);
  assert.equal((await mgn('UnarchiveApplication', { applicationID })).isArchived, false);
  await mgn('DisassociateApplications', { waveID, applicationIDs: [applicationID] });
  await mgn('DeleteApplication', { applicationID });
  await mgn('DeleteWave', { waveID });
  assert.deepEqual((await mgn('ListWaves', {})).items, []);
}

async function useConnectors({ mgn, outcomes }: Journey): Promise<void> {
  const { connectorID = '' } = await mgn('CreateConnector', {
    ...{ name: 'site', ssmInstanceID: 'mi-0123456789abcdef0' },
  });
  await mgn('UpdateConnector', { connectorID, name: 'site-1' });
  assert.equal((await mgn('ListConnectors', {})).items?.[0]?.name, 'site-1');
  await mgn('DeleteConnector', { connectorID });
  assert.deepEqual((await mgn('DescribeVcenterClients', { maxResults: 5 })).items, []);
  assert.equal((await mgn('ListManagedAccounts', {})).items?.length, 1);
  const name = 'ResourceNotFoundException';
  await assert.rejects(mgn('DeleteVcenterClient', { vcenterClientID: 'vcc-0123456789abcdef0' }), { name });
  outcomes.set('DeleteVcenterClient', name);
}

async function useInventory({ mgn }: Journey): Promise<void> {
  const [s3Bucket, s3Key] = ['inventory', 'all.csv'];
  const { exportTask } = await mgn('StartExport', { s3Bucket, s3Key });
  const exportID = exportTask?.exportID ?? '';
  const exported = async () => (await mgn('ListExports', {})).items?.[0];
  await waitFor('the end of the export', exported, (task) => task?.status === 'SUCCEEDED');
  assert.deepEqual((await mgn('ListExportErrors', { exportID })).items, []);
  const { importTask } = await mgn('StartImport', { s3BucketSource: { s3Bucket, s3Key } });
  const imported = async () => (await mgn('ListImports', {})).items?.[0];
  await waitFor('the end of the import', imported, (task) => task?.status === 'SUCCEEDED');
  assert.deepEqual((await mgn('ListImportErrors', { importID: importTask?.importID ?? '' })).items, []);
}

async function useReplicationControl({ site, mgn }: Journey): Promise<void> {
  const sourceServerID = (await site.addAgent()).sourceServerId;
  await mgn('PauseReplication', { sourceServerID });
  await mgn('ResumeReplication', { sourceServerID });
  await mgn('StopReplication', { sourceServerID });
  const conflict = { name: 'ConflictException' };
  await assert.rejects(mgn('PauseReplication', { sourceServerID }), conflict);
  const start = async () => {
    try {
      return await mgn('StartReplication', { sourceServerID });
    } catch (error) {
      // Until the staging of the former replication is given back.
      if (error instanceof Error && error.name === conflict.name) return undefined;
      throw error;
    }
  };
  await waitFor('replication to start again', start, (server) => server !== undefined);
  const gone = await mgn('DisconnectFromService', { sourceServerID });
  assert.equal(gone.lifeCycle?.state, 'DISCONNECTED');
  assert.equal((await mgn('MarkAsArchived', { sourceServerID })).isArchived, true);
  await mgn('DeleteSourceServer', { sourceServerID });
  await assert.rejects(mgn('GetLaunchConfiguration', { sourceServerID }), {
    name: 'ResourceNotFoundException',
  });
}

async function useLifeCycle({ site, mgn }: Journey, sourceServerID: string): Promise<void> {
  const sourceServerIDs = [sourceServerID];
  const conflict = { name: 'ConflictException' };
  site.host.isFrozen = true;
  const { job } = await mgn('StartTest', { sourceServerIDs });
  const jobID = job?.jobID ?? '';
  await assert.rejects(mgn('StartTest', { sourceServerIDs }), conflict, 'one job per server');
  site.host.isFrozen = false;
  await site.untilJobEnds(jobID);
  const { items: jobs = [] } = await mgn('DescribeJobs', { filters: { jobIDs: [jobID] } });
  assert.equal(jobs[0]?.participatingServers?.[0]?.launchStatus, 'LAUNCHED');
  const { items: log = [] } = await mgn('DescribeJobLogItems', { jobID });
  assert.deepEqual([log[0]?.event, log.at(-1)?.event], ['JOB_START', 'JOB_END']);
  await assert.rejects(mgn('StartCutover', { sourceServerIDs }), conflict, 'it is TESTING');
  const ready = await mgn('ChangeServerLifeCycleState', {
    ...{ sourceServerID, lifeCycle: { state: 'READY_FOR_CUTOVER' } },
  });
  assert.equal(ready.lifeCycle?.state, 'READY_FOR_CUTOVER');
  const terminated = await mgn('TerminateTargetInstances', { sourceServerIDs });
  await assert.rejects(mgn('DeleteJob', { jobID: terminated.job?.jobID ?? '' }), conflict, 'it is running');
  await site.untilJobEnds(terminated.job?.jobID);
  await mgn('DeleteJob', { jobID });
  const cutover = await mgn('StartCutover', { sourceServerIDs });
  await site.untilJobEnds(cutover.job?.jobID);
  const finalized = await mgn('FinalizeCutover', { sourceServerID });
  assert.equal(finalized.lifeCycle?.state, 'CUTOVER');
}
