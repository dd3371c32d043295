import type { Mgn } from '@landfall/api';
import type { Command } from 'commander';
import { showFacts, showRows } from '../../terminal/output.ts';
import { type Column, formatTable } from '../../terminal/table.ts';
import { contextOf } from '../context.ts';
import { addListing, type ListOptions, listItems } from '../listing.ts';
import { findJob, followJob, formatLogItem, jobLog } from './job-progress.ts';

const COLUMNS: readonly Column<Mgn.Job>[] = [
  { title: 'ID', value: (job) => job.jobID },
  { title: 'TYPE', value: (job) => job.type },
  { title: 'BY', value: (job) => job.initiatedBy },
  { title: 'STATUS', value: (job) => job.status },
  { title: 'BEGAN', value: (job) => job.creationDateTime },
  { title: 'ENDED', value: (job) => job.endDateTime },
  {
    title: 'SERVERS',
    value: (job) =>
      (job.participatingServers ?? [])
        .map((server) => `${server.sourceServerID} ${server.launchStatus}`)
        .join(', '),
  },
];

const ACTION_COLUMNS: readonly Column<Mgn.JobPostLaunchActionsLaunchStatus>[] = [
  { title: 'ACTION', value: ({ ssmDocument }) => ssmDocument?.actionName },
  { title: 'SCRIPT', value: ({ ssmDocument }) => ssmDocument?.ssmDocumentName },
  { title: 'STATUS', value: ({ executionStatus }) => executionStatus },
  { title: 'WHY', value: ({ failureReason }) => failureReason },
];

export function addJobCommands(program: Command): void {
  const job = program.command('job').description('jobs: launches and terminations');
  addListing(job.command('list'), 'DescribeJobs')
    .description('list jobs, newest first')
    .action(async (options: ListOptions, command: Command) => {
      const { client, output } = await contextOf(command);
      const jobs = await listItems(client, 'DescribeJobs', {}, options);
      showRows(output, jobs, COLUMNS, 'No jobs yet. `landfall launch test SERVER` begins one.');
    });
  job
    .command('show <jobID>')
    .description('one job with its log')
    .action(async (jobID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      const found = await findJob(client, jobID);
      const log = await jobLog(client, jobID);
      if (output.json) return output.out(`${JSON.stringify({ job: found, log }, null, 2)}\n`);
      showRows(output, [found], COLUMNS, '');
      output.out(`\n${log.map(formatLogItem).join('\n')}\n`);
      const actions = actionsOf(found);
      if (actions.length > 0) output.out(`\n${formatTable(actions, ACTION_COLUMNS, output.outColumns)}`);
    });
  job
    .command('watch <jobID>')
    .description('follow a job to its end; exit code 1 when a server of it failed')
    .action(async (jobID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      showRows(output, [await followJob(client, jobID, output)], COLUMNS, '');
    });
  job
    .command('delete <jobID>')
    .description('remove a job that has ended, with its log')
    .action(async (jobID: string, _options: unknown, command: Command) => {
      const { client, output } = await contextOf(command);
      await client.mgn('DeleteJob', { jobID });
      showFacts(output, { jobID, deleted: true }, [['deleted', jobID]]);
    });
}

function actionsOf({ participatingServers = [] }: Mgn.Job): Mgn.JobPostLaunchActionsLaunchStatus[] {
  return participatingServers.flatMap(
    ({ postLaunchActionsStatus }) => postLaunchActionsStatus?.postLaunchActionsLaunchStatusList ?? [],
  );
}
