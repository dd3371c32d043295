/**
 * The MGN API through the AWS SDK, like every other client of it. Names and shapes are those of
 * `@landfall/api`, made from the same public model; the SDK's own commands do the work.
 */

import {
  ArchiveApplicationCommand,
  ArchiveWaveCommand,
  AssociateApplicationsCommand,
  AssociateSourceServersCommand,
  ChangeServerLifeCycleStateCommand,
  CreateApplicationCommand,
  CreateLaunchConfigurationTemplateCommand,
  CreateReplicationConfigurationTemplateCommand,
  CreateWaveCommand,
  DeleteApplicationCommand,
  DeleteJobCommand,
  DeleteLaunchConfigurationTemplateCommand,
  DeleteReplicationConfigurationTemplateCommand,
  DeleteSourceServerCommand,
  DeleteWaveCommand,
  DescribeJobLogItemsCommand,
  DescribeJobsCommand,
  DescribeLaunchConfigurationTemplatesCommand,
  DescribeReplicationConfigurationTemplatesCommand,
  DescribeSourceServersCommand,
  DisassociateApplicationsCommand,
  DisassociateSourceServersCommand,
  DisconnectFromServiceCommand,
  FinalizeCutoverCommand,
  GetLaunchConfigurationCommand,
  GetReplicationConfigurationCommand,
  InitializeServiceCommand,
  ListApplicationsCommand,
  ListExportErrorsCommand,
  ListExportsCommand,
  ListImportErrorsCommand,
  ListImportsCommand,
  ListSourceServerActionsCommand,
  ListTemplateActionsCommand,
  ListWavesCommand,
  MarkAsArchivedCommand,
  MgnClient,
  PauseReplicationCommand,
  PutSourceServerActionCommand,
  PutTemplateActionCommand,
  RemoveSourceServerActionCommand,
  RemoveTemplateActionCommand,
  ResumeReplicationCommand,
  RetryDataReplicationCommand,
  StartCutoverCommand,
  StartExportCommand,
  StartImportCommand,
  StartReplicationCommand,
  StartTestCommand,
  StopReplicationCommand,
  TagResourceCommand,
  TerminateTargetInstancesCommand,
  UnarchiveApplicationCommand,
  UnarchiveWaveCommand,
  UntagResourceCommand,
  UpdateApplicationCommand,
  UpdateLaunchConfigurationCommand,
  UpdateLaunchConfigurationTemplateCommand,
  UpdateReplicationConfigurationCommand,
  UpdateReplicationConfigurationTemplateCommand,
  UpdateSourceServerCommand,
  UpdateWaveCommand,
} from '@aws-sdk/client-mgn';
import type { MgnOperations } from '@landfall/api/types';
import type { CredentialsSource } from './credentials-source.ts';
import { failureOf } from './failure.ts';

const COMMANDS = {
  ArchiveApplication: ArchiveApplicationCommand,
  ArchiveWave: ArchiveWaveCommand,
  AssociateApplications: AssociateApplicationsCommand,
  AssociateSourceServers: AssociateSourceServersCommand,
  ChangeServerLifeCycleState: ChangeServerLifeCycleStateCommand,
  CreateApplication: CreateApplicationCommand,
  CreateLaunchConfigurationTemplate: CreateLaunchConfigurationTemplateCommand,
  CreateReplicationConfigurationTemplate: CreateReplicationConfigurationTemplateCommand,
  CreateWave: CreateWaveCommand,
  DeleteApplication: DeleteApplicationCommand,
  DeleteJob: DeleteJobCommand,
  DeleteLaunchConfigurationTemplate: DeleteLaunchConfigurationTemplateCommand,
  DeleteReplicationConfigurationTemplate: DeleteReplicationConfigurationTemplateCommand,
  DeleteSourceServer: DeleteSourceServerCommand,
  DeleteWave: DeleteWaveCommand,
  DescribeJobLogItems: DescribeJobLogItemsCommand,
  DescribeJobs: DescribeJobsCommand,
  DescribeLaunchConfigurationTemplates: DescribeLaunchConfigurationTemplatesCommand,
  DescribeReplicationConfigurationTemplates: DescribeReplicationConfigurationTemplatesCommand,
  DescribeSourceServers: DescribeSourceServersCommand,
  DisassociateApplications: DisassociateApplicationsCommand,
  DisassociateSourceServers: DisassociateSourceServersCommand,
  DisconnectFromService: DisconnectFromServiceCommand,
  FinalizeCutover: FinalizeCutoverCommand,
  GetLaunchConfiguration: GetLaunchConfigurationCommand,
  GetReplicationConfiguration: GetReplicationConfigurationCommand,
  InitializeService: InitializeServiceCommand,
  ListApplications: ListApplicationsCommand,
  ListExportErrors: ListExportErrorsCommand,
  ListExports: ListExportsCommand,
  ListImportErrors: ListImportErrorsCommand,
  ListImports: ListImportsCommand,
  ListSourceServerActions: ListSourceServerActionsCommand,
  ListTemplateActions: ListTemplateActionsCommand,
  ListWaves: ListWavesCommand,
  MarkAsArchived: MarkAsArchivedCommand,
  PauseReplication: PauseReplicationCommand,
  PutSourceServerAction: PutSourceServerActionCommand,
  PutTemplateAction: PutTemplateActionCommand,
  RemoveSourceServerAction: RemoveSourceServerActionCommand,
  RemoveTemplateAction: RemoveTemplateActionCommand,
  ResumeReplication: ResumeReplicationCommand,
  RetryDataReplication: RetryDataReplicationCommand,
  StartCutover: StartCutoverCommand,
  StartExport: StartExportCommand,
  StartImport: StartImportCommand,
  StartReplication: StartReplicationCommand,
  StartTest: StartTestCommand,
  StopReplication: StopReplicationCommand,
  TagResource: TagResourceCommand,
  TerminateTargetInstances: TerminateTargetInstancesCommand,
  UnarchiveApplication: UnarchiveApplicationCommand,
  UnarchiveWave: UnarchiveWaveCommand,
  UntagResource: UntagResourceCommand,
  UpdateApplication: UpdateApplicationCommand,
  UpdateLaunchConfiguration: UpdateLaunchConfigurationCommand,
  UpdateLaunchConfigurationTemplate: UpdateLaunchConfigurationTemplateCommand,
  UpdateReplicationConfiguration: UpdateReplicationConfigurationCommand,
  UpdateReplicationConfigurationTemplate: UpdateReplicationConfigurationTemplateCommand,
  UpdateSourceServer: UpdateSourceServerCommand,
  UpdateWave: UpdateWaveCommand,
} as const;

export type MgnOperation = keyof typeof COMMANDS & keyof MgnOperations;

export type MgnCall = <Name extends MgnOperation>(
  name: Name,
  input: MgnOperations[Name]['input'],
) => Promise<MgnOperations[Name]['output']>;

export interface MgnClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: CredentialsSource;
}

const ATTEMPTS_MAX = 3;

/** Errors: ApiFailure. */
export function createMgnCall(options: MgnClientOptions): MgnCall {
  const clientOf = createClientSource(options);
  return async (name, input) => {
    // The SDK's types say the same in other words: mutable, and without `undefined`.
    const command = new COMMANDS[name](input as never) as Parameters<MgnClient['send']>[0];
    try {
      return (await clientOf().send(command)) as MgnOperations[typeof name]['output'];
    } catch (error) {
      throw failureOf(error);
    }
  };
}

/**
 * The SDK asks for credentials once and keeps them until they expire, whoever has signed in since. So each
 * set of credentials has a client of its own.
 */
function createClientSource({ endpoint, region, credentials }: MgnClientOptions): () => MgnClient {
  let current: { readonly sessionToken: string; readonly client: MgnClient } | undefined;
  return () => {
    const { expiresAtMs: _expiresAtMs, ...keys } = credentials();
    if (current?.sessionToken !== keys.sessionToken) {
      const client = new MgnClient({ endpoint, region, maxAttempts: ATTEMPTS_MAX, credentials: keys });
      current = { sessionToken: keys.sessionToken, client };
    }
    return current.client;
  };
}
