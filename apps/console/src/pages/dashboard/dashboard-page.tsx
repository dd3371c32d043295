/** The first page: is everything protected, how far behind, what to do. */
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { fleetQuery } from '../../servers/server-queries.ts';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useSurroundings } from '../../shell/shell.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { AlertList } from './alert-list.tsx';
import { FleetCounts } from './fleet-counts.tsx';
import { Goals } from './goals.tsx';
import { JobList } from './job-list.tsx';
import { Staging } from './staging.tsx';
import { WelcomeBox } from './welcome-box.tsx';

export function DashboardPage(): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  useTitle(t('dashboard.title'));
  useSurroundings([], ['help.dashboard.1', 'help.dashboard.2']);
  const query = fleetQuery(landfall);
  const fleet = useLive(query);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('dashboard.description')}>
          {t('dashboard.title')}
        </Header>
      }
    >
      <LiveState answer={fleet} onRetry={() => queries.refresh(query.key)}>
        {(known) => <Fleet fleet={known} />}
      </LiveState>
    </ContentLayout>
  );
}

function Fleet({ fleet }: { readonly fleet: Landfall.DescribeFleetResponse }): ReactNode {
  const { t } = useI18n();
  return (
    <SpaceBetween size="l">
      {fleet.servers === 0 && <WelcomeBox />}
      <Container header={<Header variant="h2">{t('dashboard.alerts')}</Header>}>
        <AlertList alerts={fleet.alerts} total={fleet.alertsTotal} />
      </Container>
      <ColumnLayout columns={2}>
        <Goals lag={fleet.lag} launches={fleet.launches} />
        <Staging staging={fleet.staging} />
        <FleetCounts fleet={fleet} />
        <JobList />
      </ColumnLayout>
    </SpaceBetween>
  );
}
