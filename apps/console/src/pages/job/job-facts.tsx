import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { endedCount, tookMs } from '../../jobs/job-outcome.ts';
import { JobStatus } from '../../jobs/job-status.tsx';
import { useNow } from '../../shell/console-context.tsx';

const SECOND_MS = 1000;

export function JobFacts({ job }: { readonly job: Mgn.Job }): ReactNode {
  const { t, formats } = useI18n();
  const now = useNow(SECOND_MS);
  const { initiatedBy = 'START_TEST', creationDateTime = '', endDateTime, participatingServers = [] } = job;
  const count = participatingServers.length;
  const done = endedCount(job);
  // The clock of this computer may be behind.
  const sinceMs = Math.max(0, now - Date.parse(creationDateTime));
  const items = [
    { label: t('jobs.column.kind'), value: t(`job.${initiatedBy}`) },
    { label: t('jobs.column.status'), value: <JobStatus job={job} /> },
    { label: t('jobs.column.begun'), value: formats.instant(creationDateTime) },
    { label: t('job.ended'), value: formats.instant(endDateTime) },
    {
      label: t('jobs.column.took'),
      value: formats.duration(job.status === 'COMPLETED' ? tookMs(job) : sinceMs),
    },
    { label: t('jobs.column.servers'), value: t('jobs.servers', { done, count }) },
  ];
  return (
    <Container header={<Header variant="h2">{t('job.facts.title')}</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs columns={3} items={items} />
        {count > 1 && job.status !== 'COMPLETED' && (
          <ProgressBar
            value={(done / count) * 100}
            label={t('job.progress')}
            additionalInfo={t('jobs.servers', { done, count })}
          />
        )}
      </SpaceBetween>
    </Container>
  );
}
