/** A small fleet with one of everything that the console has a page for, made through the API. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PagePattern } from '../../apps/console/src/shell/page-table.ts';
import type { TestSite } from '../../apps/control-plane/src/testing/test-site.ts';
import { waitFor } from '../../apps/control-plane/src/testing/wait-for.ts';

const BUCKET = 'inventory';
const READ_ONLY = 'AWSApplicationMigrationReadOnlyAccess';
const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
};
const MAY_TEST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'mgn:StartTest', Resource: '*' }],
};

/** What stands in the addresses of pages, by its name there: `serverId` in `/servers/:serverId`. */
export type PageParameters = Readonly<Record<string, string>>;

export async function makePageFleet(site: TestSite): Promise<PageParameters> {
  const serverId = await addNamed(site, 'web');
  await addNamed(site, 'database');
  const [jobId, machineId] = await launchTest(site, serverId);
  return {
    serverId,
    jobId,
    machineId,
    ...(await makeGroups(site, serverId)),
    ...(await makeIdentities(site)),
    ...(await makeTemplates(site)),
    ...(await makeTasks(site)),
  };
}

/** The address of a page of this pattern in which there is something to see. */
export function pathOf(pattern: PagePattern, parameters: PageParameters): string {
  return pattern.replace(/:(\w+)/g, (_whole, name: string) => {
    const value = parameters[name];
    assert.ok(value !== undefined, `${pattern}: nothing is made that stands for :${name}`);
    return encodeURIComponent(value);
  });
}

/** Ready to be tested. */
export async function addNamed(site: TestSite, name: string): Promise<string> {
  const { sourceServerId } = await site.addAgent();
  const { arn = '' } = await site.server(sourceServerId);
  await site.plane.api.mgn('TagResource', { resourceArn: arn, tags: { Name: name } });
  return sourceServerId;
}

/** The job, and the machine that it made. */
export async function launchTest(
  { plane, untilJobEnds, server }: TestSite,
  serverId: string,
): Promise<readonly [string, string]> {
  const { job } = await plane.api.mgn('StartTest', { sourceServerIDs: [serverId] });
  const { jobID = '' } = await untilJobEnds(job?.jobID);
  const { launchedInstance } = await server(serverId);
  assert.ok(launchedInstance?.ec2InstanceID !== undefined, 'the test was launched');
  return [jobID, launchedInstance.ec2InstanceID];
}

async function makeGroups({ plane: { api } }: TestSite, serverId: string): Promise<PageParameters> {
  const { applicationID = '' } = await api.mgn('CreateApplication', { name: 'shop' });
  await api.mgn('AssociateSourceServers', { applicationID, sourceServerIDs: [serverId] });
  const { waveID = '' } = await api.mgn('CreateWave', { name: 'night 1' });
  await api.mgn('AssociateApplications', { waveID, applicationIDs: [applicationID] });
  return { applicationId: applicationID, waveId: waveID };
}

async function makeIdentities({ plane: { api } }: TestSite): Promise<PageParameters> {
  const [userName, roleName, policyName] = ['ann', 'on-call', 'operators'];
  await api.landfall('CreateUser', { userName });
  await api.landfall('CreateAccessKey', { userName });
  await api.landfall('AttachPolicy', { userName, policyName: READ_ONLY });
  await api.landfall('CreateRole', { roleName, trustPolicy: JSON.stringify(TRUST) });
  await api.landfall('PutPolicy', { policyName, document: JSON.stringify(MAY_TEST) });
  await api.landfall('AttachPolicy', { roleName, policyName });
  return { userName, roleName, policyName };
}

async function makeTemplates({ plane: { api } }: TestSite): Promise<PageParameters> {
  const made = await api.mgn('CreateLaunchConfigurationTemplate', {});
  const { launchConfigurationTemplateID: templateId = '' } = made;
  await api.mgn('PutTemplateAction', {
    launchConfigurationTemplateID: templateId,
    actionID: 'check-disks',
    actionName: 'check disks',
    documentIdentifier: 'landfall-check-disks',
    order: 1001,
    active: true,
  });
  return { templateId };
}

async function makeTasks(site: TestSite): Promise<PageParameters> {
  const { api, stateDir } = site.plane;
  const folder = join(stateDir, 'buckets', BUCKET);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'servers.csv'), 'mgn:app:name,mgn:server:id\nshop,no-such-id\n');
  const source = { s3Bucket: BUCKET, s3Key: 'servers.csv' };
  const { importTask } = await api.mgn('StartImport', { s3BucketSource: source });
  const { exportTask } = await api.mgn('StartExport', { s3Bucket: BUCKET, s3Key: 'all.csv' });
  const { webhook } = await api.landfall('CreateWebhook', { url: 'https://hooks.invalid/landfall' });
  const [importId, exportId] = [importTask?.importID ?? '', exportTask?.exportID ?? ''];
  await waitFor(
    'the import and the export to be over',
    async () => [
      (await api.mgn('ListImports', { filters: { importIDs: [importId] } })).items?.[0]?.status,
      (await api.mgn('ListExports', { filters: { exportIDs: [exportId] } })).items?.[0]?.status,
    ],
    ([imported, exported]) => imported === 'FAILED' && exported === 'SUCCEEDED',
  );
  return { importId, exportId, webhookId: webhook.webhookID };
}
