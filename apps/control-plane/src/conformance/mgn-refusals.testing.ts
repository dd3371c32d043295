/**
 * Every operation of MGN called wrongly once: in the wrong state, with an id of nothing, with a value that
 * its model does not have. An operation without a line does not compile.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type ExceptionName, type InputOf, type OperationName, operations } from '@landfall/api';
import type { TestSite } from '../testing/test-site.ts';
import { addTestUser } from '../testing/test-users.ts';
import type { MgnClient, OpenMgnClient } from './mgn-client.testing.ts';
import { ACTION, REPLICATION_TEMPLATE } from './mgn-inputs.testing.ts';

interface Refusal<Name extends OperationName<'mgn'>> {
  readonly input: InputOf<'mgn', Name>;
  readonly error: ExceptionName;
}

type Refusals = { readonly [Name in OperationName<'mgn'>]: Refusal<Name> };

interface Wrongly {
  readonly site: TestSite;
  readonly client: MgnClient;
  readonly open: OpenMgnClient;
  /** READY_FOR_TEST, in no application, never launched. */
  readonly sourceServerId: string;
}

/** The exceptions, by operation: of all that the client knows. */
export async function refuseEach(t: TestContext, wrongly: Wrongly): Promise<ReadonlyMap<string, string>> {
  const { site, client, open } = wrongly;
  const nobody = await addTestUser(site.plane, { userName: 'nobody' });
  const { accessKeyId, secretAccessKey } = nobody;
  const stranger = await open(t, { ...site.plane.admin, accessKeyId, secretAccessKey });
  const refused = new Map<string, string>();
  const table: Readonly<Record<string, Refusal<OperationName<'mgn'>>>> = await refusalsOn(wrongly);
  const known = Object.entries(table).filter(([name]) => client.operations.includes(name));
  for (const [name, { input, error }] of known) {
    const operation = name as OperationName<'mgn'>;
    const by = error === 'AccessDeniedException' ? stranger : client;
    refused.set(name, await exceptionOf(by.call(operation, input as never)));
    const modelled = [...operations.mgn[operation].errors, 'ValidationException', 'AccessDeniedException'];
    assert.ok(modelled.includes(error), `${operation} has ${error} in its model`);
  }
  const expected = known.map(([name, { error }]) => [name, error]);
  assert.deepEqual(Object.fromEntries(refused), Object.fromEntries(expected));
  return refused;
}

/** Its name, or what was answered instead. */
async function exceptionOf(answering: Promise<unknown>): Promise<string> {
  try {
    return `none: ${JSON.stringify(await answering)}`;
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

const ID = '0123456789abcdef0';
const NO = {
  sourceServerID: `s-${ID}`,
  jobID: `mgnjob-${ID}`,
  applicationID: `app-${ID}`,
  waveID: `wave-${ID}`,
  connectorID: `connector-${ID}`,
  vcenterClientID: `vcc-${ID}`,
  launchConfigurationTemplateID: `lct-${ID}`,
  replicationConfigurationTemplateID: `rct-${ID}`,
  resourceArn: `arn:aws:mgn:us-east-1:000000000000:source-server/s-${ID}`,
} as const;
const NOT_FOUND = 'ResourceNotFoundException';
const CONFLICT = 'ConflictException';
const INVALID = 'ValidationException';
/** Of no page. */
const nextToken = 'nonsense';

async function refusalsOn({ site, sourceServerId }: Wrongly): Promise<Refusals> {
  const { mgn } = site.plane.api;
  const { applicationID = '' } = await mgn('CreateApplication', { name: 'taken' });
  const { waveID = '' } = await mgn('CreateWave', { name: 'taken' });
  await mgn('AssociateApplications', { waveID, applicationIDs: [applicationID] });
  await mgn('AssociateSourceServers', { applicationID, sourceServerIDs: [sourceServerId] });
  const sourceServerIDs = [sourceServerId];
  return {
    ...refusedGroups(applicationID, waveID, sourceServerIDs),
    ...refusedServers(sourceServerId),
    ...REFUSED_LISTINGS,
    ...REFUSED_SETTINGS,
  };
}

type Refused<Name extends OperationName<'mgn'>> = Pick<Refusals, Name>;

function refusedGroups(applicationID: string, waveID: string, sourceServerIDs: readonly string[]) {
  const other = { name: 'TAKEN', description: 'another' };
  const { applicationID: noApplication, waveID: noWave } = NO;
  return {
    ArchiveApplication: { input: { applicationID }, error: CONFLICT },
    ArchiveWave: { input: { waveID }, error: CONFLICT },
    AssociateApplications: { input: { waveID: noWave, applicationIDs: [applicationID] }, error: NOT_FOUND },
    AssociateSourceServers: { input: { applicationID: noApplication, sourceServerIDs }, error: NOT_FOUND },
    CreateApplication: { input: other, error: CONFLICT },
    CreateWave: { input: other, error: CONFLICT },
    DeleteApplication: { input: { applicationID }, error: CONFLICT },
    DeleteWave: { input: { waveID }, error: CONFLICT },
    DisassociateApplications: { input: { waveID, applicationIDs: [noApplication] }, error: NOT_FOUND },
    DisassociateSourceServers: {
      input: { applicationID, sourceServerIDs: [NO.sourceServerID] },
      error: NOT_FOUND,
    },
    UnarchiveApplication: { input: { applicationID: noApplication }, error: NOT_FOUND },
    UnarchiveWave: { input: { waveID: noWave }, error: NOT_FOUND },
    UpdateApplication: { input: { applicationID: noApplication, name: 'x' }, error: NOT_FOUND },
    UpdateWave: { input: { waveID: noWave, name: 'x' }, error: NOT_FOUND },
  } satisfies Partial<Refusals>;
}

function refusedServers(sourceServerID: string) {
  const sourceServerIDs = [sourceServerID];
  const nothing = { sourceServerID: NO.sourceServerID };
  return {
    ChangeServerLifeCycleState: {
      input: { sourceServerID, lifeCycle: { state: 'CUTOVER' } },
      error: CONFLICT,
    },
    DeleteSourceServer: { input: { sourceServerID }, error: CONFLICT },
    DisconnectFromService: { input: nothing, error: NOT_FOUND },
    FinalizeCutover: { input: { sourceServerID }, error: CONFLICT },
    GetLaunchConfiguration: { input: nothing, error: NOT_FOUND },
    GetReplicationConfiguration: { input: nothing, error: NOT_FOUND },
    MarkAsArchived: { input: { sourceServerID }, error: CONFLICT },
    PauseReplication: { input: nothing, error: NOT_FOUND },
    PutSourceServerAction: { input: { ...nothing, ...ACTION }, error: NOT_FOUND },
    RemoveSourceServerAction: { input: { sourceServerID, actionID: 'nothing' }, error: NOT_FOUND },
    ListSourceServerActions: { input: nothing, error: NOT_FOUND },
    ResumeReplication: { input: { sourceServerID }, error: CONFLICT },
    RetryDataReplication: { input: { sourceServerID }, error: INVALID },
    StartCutover: { input: { sourceServerIDs: [NO.sourceServerID] }, error: INVALID },
    StartReplication: { input: { sourceServerID }, error: CONFLICT },
    StartTest: { input: { sourceServerIDs: [NO.sourceServerID] }, error: INVALID },
    StopReplication: { input: nothing, error: NOT_FOUND },
    TerminateTargetInstances: { input: { sourceServerIDs }, error: CONFLICT },
    UpdateLaunchConfiguration: { input: { ...nothing, copyTags: true }, error: NOT_FOUND },
    UpdateReplicationConfiguration: { input: { ...nothing, bandwidthThrottling: 1 }, error: NOT_FOUND },
    UpdateSourceServer: { input: nothing, error: NOT_FOUND },
    UpdateSourceServerReplicationType: {
      input: { sourceServerID, replicationType: 'SNAPSHOT_SHIPPING' },
      error: CONFLICT,
    },
  } satisfies Partial<Refusals>;
}

const REFUSED_LISTINGS = {
  DescribeJobLogItems: { input: { jobID: NO.jobID, nextToken }, error: INVALID },
  DescribeJobs: { input: { nextToken }, error: INVALID },
  DescribeLaunchConfigurationTemplates: {
    input: { launchConfigurationTemplateIDs: [NO.launchConfigurationTemplateID] },
    error: NOT_FOUND,
  },
  DescribeReplicationConfigurationTemplates: {
    input: { replicationConfigurationTemplateIDs: [NO.replicationConfigurationTemplateID] },
    error: NOT_FOUND,
  },
  DescribeSourceServers: { input: { nextToken }, error: INVALID },
  DescribeVcenterClients: { input: { nextToken }, error: INVALID },
  ListApplications: { input: { nextToken }, error: INVALID },
  ListConnectors: { input: { nextToken }, error: INVALID },
  ListExportErrors: { input: { exportID: `export-${ID}`, nextToken }, error: INVALID },
  ListExports: { input: { nextToken }, error: INVALID },
  ListImportErrors: { input: { importID: `import-${ID}`, nextToken }, error: INVALID },
  ListImports: { input: { nextToken }, error: INVALID },
  ListManagedAccounts: { input: { nextToken }, error: INVALID },
  ListTagsForResource: { input: { resourceArn: NO.resourceArn }, error: NOT_FOUND },
  ListTemplateActions: {
    input: { launchConfigurationTemplateID: NO.launchConfigurationTemplateID },
    error: NOT_FOUND,
  },
  ListWaves: { input: { nextToken }, error: INVALID },
} as const satisfies Partial<Refusals>;

const lct = { launchConfigurationTemplateID: NO.launchConfigurationTemplateID };
const rct = { replicationConfigurationTemplateID: NO.replicationConfigurationTemplateID };

const REFUSED_SETTINGS: Refused<
  Exclude<
    OperationName<'mgn'>,
    | keyof ReturnType<typeof refusedGroups>
    | keyof ReturnType<typeof refusedServers>
    | keyof typeof REFUSED_LISTINGS
  >
> = {
  CreateConnector: { input: { name: 'site', ssmInstanceID: 'an instance, nowhere' }, error: INVALID },
  CreateLaunchConfigurationTemplate: {
    input: { postLaunchActions: { ssmDocuments: [{ actionName: '', ssmDocumentName: 'no such' }] } },
    error: INVALID,
  },
  CreateReplicationConfigurationTemplate: {
    input: { ...REPLICATION_TEMPLATE, stagingAreaSubnetId: 'subnet' },
    error: INVALID,
  },
  DeleteConnector: { input: { connectorID: NO.connectorID }, error: NOT_FOUND },
  DeleteJob: { input: { jobID: NO.jobID }, error: NOT_FOUND },
  DeleteLaunchConfigurationTemplate: { input: lct, error: NOT_FOUND },
  DeleteReplicationConfigurationTemplate: { input: rct, error: NOT_FOUND },
  DeleteVcenterClient: { input: { vcenterClientID: NO.vcenterClientID }, error: NOT_FOUND },
  InitializeService: { input: {}, error: 'AccessDeniedException' },
  PutTemplateAction: { input: { ...lct, ...ACTION }, error: NOT_FOUND },
  RemoveTemplateAction: { input: { ...lct, actionID: ACTION.actionID }, error: NOT_FOUND },
  StartExport: { input: { s3Bucket: 'a bucket', s3Key: 'all.csv' }, error: INVALID },
  StartImport: { input: { s3BucketSource: { s3Bucket: 'none', s3Key: 'none.csv' } }, error: NOT_FOUND },
  TagResource: { input: { resourceArn: NO.resourceArn, tags: { a: '1' } }, error: NOT_FOUND },
  UntagResource: { input: { resourceArn: NO.resourceArn, tagKeys: ['a'] }, error: NOT_FOUND },
  UpdateConnector: { input: { connectorID: NO.connectorID, name: 'x' }, error: NOT_FOUND },
  UpdateLaunchConfigurationTemplate: { input: lct, error: NOT_FOUND },
  UpdateReplicationConfigurationTemplate: { input: rct, error: NOT_FOUND },
};
