/** The first page: is everything protected, how far behind, what to do. */
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall, Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { listAllServers } from '../../servers/list-servers.ts';
import { measuredLagQuery, serviceQuery } from '../../servers/server-queries.ts';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useSurroundings } from '../../shell/shell.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { AlertList } from './alert-list.tsx';
import { launchTimes, summarize } from './fleet.ts';
import { FleetCounts } from './fleet-counts.tsx';
import { Goals } from './goals.tsx';
import { JobList } from './job-list.tsx';
import { Staging } from './staging.tsx';
import { WelcomeBox } from './welcome-box.tsx';

/** Every server is looked at, so not at every event. */
const GAP_MS = 10_000;
const JOBS_MAX = 100;

export function DashboardPage(): ReactNode {
  const { t } = useI18n();
  const { mgn, landfall, queries } = useConsole();
  useTitle(t('dashboard.title'));
  useSurroundings([], ['help.dashboard.1', 'help.dashboard.2']);
  const servers = useLive({
    key: 'fleet',
    on: ['SourceServerChanged', 'ReplicationChanged'],
    gapMs: GAP_MS,
    load: () => listAllServers(mgn, { isArchived: false }),
  });
  const jobs = useLive({
    key: 'newest jobs',
    on: ['JobChanged'],
    load: async () => (await mgn('DescribeJobs', { maxResults: JOBS_MAX })).items ?? [],
  });
  const service = useLive(serviceQuery(landfall));
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('dashboard.description')}>
          {t('dashboard.title')}
        </Header>
      }
    >
      <LiveState answer={servers} onRetry={() => queries.refresh('fleet')}>
        {(all) => <Fleet servers={all} jobs={jobs.value ?? []} service={service.value} />}
      </LiveState>
    </ContentLayout>
  );
}

function Fleet(props: {
  readonly servers: readonly Mgn.SourceServer[];
  readonly jobs: readonly Mgn.Job[];
  readonly service: Landfall.DescribeServiceResponse | undefined;
}): ReactNode {
  const { servers, jobs, service } = props;
  const { t } = useI18n();
  const measuredLag = useLive(measuredLagQuery(useConsole()));
  const fleet = summarize(servers);
  return (
    <SpaceBetween size="l">
      {fleet.count === 0 && <WelcomeBox />}
      <Container header={<Header variant="h2">{t('dashboard.alerts')}</Header>}>
        <AlertList fleet={fleet} service={service} />
      </Container>
      <ColumnLayout columns={2}>
        <Goals fleet={fleet} launches={launchTimes(jobs)} measuredLagMs={measuredLag.value} />
        <Staging service={service} servers={servers} />
        <FleetCounts fleet={fleet} />
        <JobList jobs={jobs} />
      </ColumnLayout>
    </SpaceBetween>
  );
}
