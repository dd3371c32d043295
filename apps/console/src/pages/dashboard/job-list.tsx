import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { JobLink } from '../../jobs/job-link.tsx';
import { JobStatus } from '../../jobs/job-status.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';

const SHOWN_MAX = 6;

export function JobList(): ReactNode {
  const { t, formats } = useI18n();
  const { mgn } = useConsole();
  const jobs = useLive({
    key: 'newest jobs',
    on: ['JobChanged'],
    load: async () => (await mgn('DescribeJobs', { maxResults: SHOWN_MAX })).items ?? [],
  });
  return (
    <Table<Mgn.Job>
      header={<Header variant="h2">{t('dashboard.jobs')}</Header>}
      items={jobs.value ?? []}
      loading={jobs.value === undefined && jobs.isLoading}
      loadingText={t('common.loading')}
      trackBy="jobID"
      ariaLabels={{ tableLabel: t('dashboard.jobs') }}
      empty={<Box textAlign="center">{t('dashboard.jobs.none')}</Box>}
      columnDefinitions={[
        {
          id: 'type',
          header: t('dashboard.jobs.type'),
          cell: ({ jobID, initiatedBy = 'START_TEST' }) => (
            <JobLink jobID={jobID}>{t(`job.${initiatedBy}`)}</JobLink>
          ),
          isRowHeader: true,
        },
        { id: 'status', header: t('dashboard.jobs.status'), cell: (job) => <JobStatus job={job} /> },
        {
          id: 'begun',
          header: t('dashboard.jobs.begun'),
          cell: (job) => formats.dateTime(job.creationDateTime),
        },
        {
          id: 'servers',
          header: t('dashboard.jobs.servers'),
          cell: ({ participatingServers = [] }) => formats.number(participatingServers.length),
        },
      ]}
    />
  );
}
