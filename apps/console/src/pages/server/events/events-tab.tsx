import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import { isDenied } from '../../../api/failure.ts';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { replicationQuery } from '../../../servers/server-queries.ts';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { FailureAlert } from '../../../widgets/live-state.tsx';
import type { ServerTabProps } from '../server-page.tsx';
import { eventsOf, type ServerEvent } from './server-events.ts';

const JOBS_MAX = 200;
const AUDIT_MAX = 500;
const SHOWN_MAX = 200;
const AUDIT_GAP_MS = 5000;

export function EventsTab({ server }: ServerTabProps): ReactNode {
  const i18n = useI18n();
  const { t, formats } = i18n;
  const { mgn, landfall } = useConsole();
  const sourceServerID = server.sourceServerID ?? '';
  const replication = useLive(replicationQuery(landfall, sourceServerID));
  const jobs = useLive({
    key: `jobs of ${sourceServerID}`,
    on: ['JobChanged'],
    load: async () => (await mgn('DescribeJobs', { maxResults: JOBS_MAX })).items ?? [],
  });
  const audit = useLive({
    key: 'newest audit events',
    on: ['SourceServerChanged', 'JobChanged'],
    gapMs: AUDIT_GAP_MS,
    load: async () => (await landfall('ListAuditEvents', { maxResults: AUDIT_MAX })).items,
  });
  const events = eventsOf(
    {
      sourceServerID,
      jobs: jobs.value ?? [],
      replication: replication.value,
      audit: audit.value ?? [],
    },
    i18n,
  );
  const isAuditDenied = audit.failure !== undefined && isDenied(audit.failure);
  const failures = [jobs.failure, isAuditDenied ? undefined : audit.failure].filter(
    (one) => one !== undefined,
  );
  return (
    <SpaceBetween size="m">
      {isAuditDenied && <Alert type="info">{t('events.noAudit')}</Alert>}
      {failures.map((failure) => (
        <FailureAlert key={failure.name} failure={failure} />
      ))}
      <Table<ServerEvent>
        wrapLines
        header={
          <Header variant="h2" description={t('events.description')}>
            {t('events.title')}
          </Header>
        }
        items={events.slice(0, SHOWN_MAX)}
        trackBy="id"
        loading={jobs.value === undefined && jobs.isLoading}
        loadingText={t('common.loading')}
        ariaLabels={{ tableLabel: t('events.title') }}
        empty={<Box textAlign="center">{t('events.empty')}</Box>}
        columnDefinitions={[
          { id: 'time', header: t('events.time'), cell: ({ timeMs }) => formats.instant(timeMs), width: 220 },
          { id: 'what', header: t('events.what'), cell: ({ text }) => text, isRowHeader: true },
          { id: 'who', header: t('events.who'), cell: ({ who }) => who ?? t('events.system') },
        ]}
      />
    </SpaceBetween>
  );
}
