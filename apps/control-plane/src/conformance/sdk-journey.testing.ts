/**
 * Every operation of the JavaScript SDK, called as its users call it, on a site with simulated programs. What
 * answered is written down; what has nothing to act on must refuse with the exception its model names.
 */
import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import type { TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-mgn';
import { Mgn } from '@aws-sdk/client-mgn';
import { allOperations } from '@landfall/api';
import { systemClock } from '@landfall/runtime';
import { enrolAgent, newIdentity } from '../testing/simulated-programs.ts';
import { startTestSite, type TestSite } from '../testing/test-site.ts';
import { waitFor } from '../testing/wait-for.ts';

export const SDK_OPERATIONS: readonly string[] = Object.keys(sdk)
  .filter((name) => name.endsWith('Command') && name !== '$Command')
  .map((name) => name.slice(0, -'Command'.length))
  .sort();

/** What became of an operation: it worked, or the exception it rightly answered with. */
export type Outcomes = ReadonlyMap<string, 'works' | (string & {})>;

/** Longer than an agent may be silent. */
const SILENT_MS = 2 * 60_000;

interface Journey {
  readonly site: TestSite;
  readonly mgn: Mgn;
  readonly outcomes: Map<string, string>;
}

export async function runSdkJourney(t: TestContext): Promise<Outcomes> {
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  const site = await startTestSite(t, { clock });
  const outcomes = new Map<string, string>();
  const client = sdkClient(site);
  t.after(() => client.destroy());
  const journey = { site, mgn: recording(client, outcomes), outcomes };
  await journey.mgn.initializeService({});
  const silent = await enrolSilent(site);
  await useTemplates(journey);
  const { sourceServerId } = await site.addAgent();
  await useConfiguration(journey, sourceServerId);
  await useGroups(journey, sourceServerId);
  await useConnectors(journey);
  await useInventory(journey);
  await useReplicationControl(journey);
  await useLifeCycle(journey, sourceServerId);
  aheadMs = SILENT_MS;
  await journey.mgn.retryDataReplication({ sourceServerID: silent });
  return outcomes;
}

function sdkClient({ plane }: TestSite): Mgn {
  return new Mgn({
    endpoint: plane.url,
    region: plane.admin.region,
    credentials: plane.admin,
    requestHandler: { httpsAgent: new Agent({ ca: plane.caPem, keepAlive: true }) },
    maxAttempts: 1,
  });
}

/** Writes down every call that was answered, as `CreateWave` for `createWave`. */
function recording(client: Mgn, outcomes: Map<string, string>): Mgn {
  return new Proxy(client, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function' || typeof name !== 'string') return method;
      return async (...values: unknown[]) => {
        const answer: unknown = await method.apply(target, values);
        outcomes.set(name.charAt(0).toUpperCase() + name.slice(1), 'works');
        return answer;
      };
    },
  });
}

/** An agent that is never heard of again. */
async function enrolSilent({ plane }: TestSite): Promise<string> {
  const { token } = await plane.api.landfall('CreateEnrolmentToken', {});
  return (await enrolAgent(token, newIdentity())).programId;
}

const isOffered = (name: string) => allOperations('mgn').some((operation) => operation.name === name);

const REPLICATION_TEMPLATE: sdk.CreateReplicationConfigurationTemplateCommandInput = {
  stagingAreaSubnetId: 'subnet-0123abcd',
  associateDefaultSecurityGroup: true,
  replicationServersSecurityGroupsIDs: [],
  replicationServerInstanceType: 't3.small',
  useDedicatedReplicationServer: false,
  defaultLargeStagingDiskType: 'GP3',
  ebsEncryption: 'DEFAULT',
  bandwidthThrottling: 0,
  dataPlaneRouting: 'PRIVATE_IP',
  createPublicIP: false,
  stagingAreaTags: {},
};

const ACTION = {
  actionID: 'a-0123456789abcdef',
  actionName: 'say hello',
  documentIdentifier: 'landfall-check-disks',
  order: 1001,
} as const;

async function useTemplates({ mgn }: Journey): Promise<void> {
  const replication = await mgn.createReplicationConfigurationTemplate(REPLICATION_TEMPLATE);
  const { replicationConfigurationTemplateID } = replication;
  await mgn.updateReplicationConfigurationTemplate({
    replicationConfigurationTemplateID,
    bandwidthThrottling: 10,
  });
  await mgn.describeReplicationConfigurationTemplates({});
  await mgn.deleteReplicationConfigurationTemplate({ replicationConfigurationTemplateID });
  const { launchConfigurationTemplateID } = await mgn.createLaunchConfigurationTemplate({});
  await mgn.updateLaunchConfigurationTemplate({ launchConfigurationTemplateID, copyTags: true });
  await mgn.describeLaunchConfigurationTemplates({});
  if (isOffered('PutTemplateAction')) {
    await mgn.putTemplateAction({ launchConfigurationTemplateID, ...ACTION });
    const { items = [] } = await mgn.listTemplateActions({ launchConfigurationTemplateID });
    assert.equal(items.length, 1);
    await mgn.removeTemplateAction({ launchConfigurationTemplateID, actionID: ACTION.actionID });
  }
  await mgn.deleteLaunchConfigurationTemplate({ launchConfigurationTemplateID });
}

async function useConfiguration({ mgn }: Journey, sourceServerID: string): Promise<void> {
  await mgn.describeSourceServers({ filters: { isArchived: false } });
  await mgn.updateSourceServer({ sourceServerID, userProvidedID: 'rack 7' } as Parameters<
    Mgn['updateSourceServer']
  >[0]);
  await mgn.updateSourceServerReplicationType({ sourceServerID, replicationType: 'AGENT_BASED' });
  await mgn.getReplicationConfiguration({ sourceServerID });
  await mgn.updateReplicationConfiguration({ sourceServerID, bandwidthThrottling: 0 });
  await mgn.getLaunchConfiguration({ sourceServerID });
  await mgn.updateLaunchConfiguration({ sourceServerID, copyTags: true });
  if (!isOffered('PutSourceServerAction')) return;
  await mgn.putSourceServerAction({ sourceServerID, ...ACTION });
  assert.equal((await mgn.listSourceServerActions({ sourceServerID })).items?.length, 1);
  await mgn.removeSourceServerAction({ sourceServerID, actionID: ACTION.actionID });
}

async function useGroups({ mgn }: Journey, sourceServerId: string): Promise<void> {
  const { applicationID, arn } = await mgn.createApplication({ name: 'shop' });
  const { waveID } = await mgn.createWave({ name: 'first' });
  await mgn.updateApplication({ applicationID, description: 'web shop' });
  await mgn.updateWave({ waveID, description: 'the easy ones' });
  await mgn.associateSourceServers({ applicationID, sourceServerIDs: [sourceServerId] });
  await mgn.associateApplications({ waveID, applicationIDs: [applicationID ?? ''] });
  const { items: applications = [] } = await mgn.listApplications({ filters: { waveIDs: [waveID ?? ''] } });
  assert.equal(applications[0]?.applicationAggregatedStatus?.totalSourceServers, 1);
  assert.equal((await mgn.listWaves({})).items?.[0]?.waveAggregatedStatus?.totalApplications, 1);
  await mgn.tagResource({ resourceArn: arn, tags: { a: '1', b: '2' } });
  await mgn.untagResource({ resourceArn: arn, tagKeys: ['b'] });
  assert.deepEqual((await mgn.listTagsForResource({ resourceArn: arn })).tags, { a: '1' });
  await mgn.disassociateSourceServers({ applicationID, sourceServerIDs: [sourceServerId] });
  await mgn.archiveApplication({ applicationID });
  await mgn.archiveWave({ waveID });
  await mgn.unarchiveWave({ waveID });
  await mgn.unarchiveApplication({ applicationID });
  await mgn.disassociateApplications({ waveID, applicationIDs: [applicationID ?? ''] });
  await mgn.deleteApplication({ applicationID });
  await mgn.deleteWave({ waveID });
}

async function useConnectors({ mgn, outcomes }: Journey): Promise<void> {
  const { connectorID } = await mgn.createConnector({ name: 'site', ssmInstanceID: 'mi-0123456789abcdef0' });
  await mgn.updateConnector({ connectorID, name: 'site-1' });
  assert.equal((await mgn.listConnectors({})).items?.[0]?.name, 'site-1');
  await mgn.deleteConnector({ connectorID });
  assert.deepEqual((await mgn.describeVcenterClients({ maxResults: 5 })).items, []);
  assert.equal((await mgn.listManagedAccounts({})).items?.length, 1);
  const name = 'ResourceNotFoundException';
  await assert.rejects(mgn.deleteVcenterClient({ vcenterClientID: 'vcc-0123456789abcdef0' }), { name });
  outcomes.set('DeleteVcenterClient', name);
}

async function useInventory({ mgn }: Journey): Promise<void> {
  const [s3Bucket, s3Key] = ['inventory', 'all.csv'];
  const { exportTask } = await mgn.startExport({ s3Bucket, s3Key });
  const exported = async () => (await mgn.listExports({})).items?.[0];
  await waitFor('the end of the export', exported, (task) => task?.status === 'SUCCEEDED');
  assert.deepEqual((await mgn.listExportErrors({ exportID: exportTask?.exportID })).items, []);
  const { importTask } = await mgn.startImport({ s3BucketSource: { s3Bucket, s3Key } });
  const imported = async () => (await mgn.listImports({})).items?.[0];
  await waitFor('the end of the import', imported, (task) => task?.status === 'SUCCEEDED');
  assert.deepEqual((await mgn.listImportErrors({ importID: importTask?.importID })).items, []);
}

async function useReplicationControl({ site, mgn }: Journey): Promise<void> {
  const sourceServerID = (await site.addAgent()).sourceServerId;
  await mgn.pauseReplication({ sourceServerID });
  await mgn.resumeReplication({ sourceServerID });
  await mgn.stopReplication({ sourceServerID });
  const start = async () => {
    try {
      return await mgn.startReplication({ sourceServerID });
    } catch (error) {
      // Until the staging of the former replication is given back.
      if (error instanceof sdk.ConflictException) return undefined;
      throw error;
    }
  };
  await waitFor('replication to start again', start, (server) => server !== undefined);
  await mgn.disconnectFromService({ sourceServerID });
  await mgn.markAsArchived({ sourceServerID });
  await mgn.deleteSourceServer({ sourceServerID });
}

async function useLifeCycle({ site, mgn }: Journey, sourceServerID: string): Promise<void> {
  const sourceServerIDs = [sourceServerID];
  const { job } = await mgn.startTest({ sourceServerIDs });
  await site.untilJobEnds(job?.jobID);
  await mgn.describeJobs({ filters: { jobIDs: [job?.jobID ?? ''] } });
  assert.equal((await mgn.describeJobLogItems({ jobID: job?.jobID })).items?.[0]?.event, 'JOB_START');
  await mgn.changeServerLifeCycleState({ sourceServerID, lifeCycle: { state: 'READY_FOR_CUTOVER' } });
  const terminated = await mgn.terminateTargetInstances({ sourceServerIDs });
  await site.untilJobEnds(terminated.job?.jobID);
  await mgn.deleteJob({ jobID: job?.jobID });
  const cutover = await mgn.startCutover({ sourceServerIDs });
  await site.untilJobEnds(cutover.job?.jobID);
  const finalized = await mgn.finalizeCutover({ sourceServerID });
  assert.equal(finalized.lifeCycle?.state, 'CUTOVER');
}
