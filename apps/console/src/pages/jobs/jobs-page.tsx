/** Everything that was launched and ended. Filters and pages are the service's. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useMemo } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useServerNames } from '../../servers/server-names.ts';
import { useConsole, useLive, useNow, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { AnswerNotes } from '../../widgets/answer-notes.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { useTokenPages } from '../../widgets/token-pages.ts';
import { TokenPagination } from '../../widgets/token-pagination.tsx';
import { jobColumns } from './jobs-columns.tsx';
import { isFilteringJobs, type JobsFilter, jobsFilters, jobsQuery, parseJobsFilter } from './jobs-filter.ts';
import { JobsFilters } from './jobs-filters.tsx';

const PAGE_SIZE = 25;
const MINUTE_MS = 60_000;

export function JobsPage(): ReactNode {
  const i18n = useI18n();
  const { t } = i18n;
  const { mgn, queries } = useConsole();
  const { location, go } = useNavigation();
  const now = useNow(MINUTE_MS);
  useTitle(t('jobs.title'));
  useSurroundings([{ text: t('jobs.title'), href: hrefOf('/jobs') }]);
  const filter = parseJobsFilter(location.query);
  const pages = useTokenPages(JSON.stringify(filter));
  const input = { filters: jobsFilters(filter, now), maxResults: PAGE_SIZE, nextToken: pages.token };
  const key = `jobs ${JSON.stringify(input)}`;
  const answer = useLive({ key, on: ['JobChanged'], load: () => mgn('DescribeJobs', input) });
  const items = answer.value?.items ?? [];
  const nameOf = useServerNames(
    items.flatMap(({ participatingServers = [] }) =>
      participatingServers.map(({ sourceServerID }) => sourceServerID),
    ),
  );
  const columns = useMemo(() => jobColumns(i18n, nameOf), [i18n, nameOf]);
  const change = (next: JobsFilter) => {
    pages.first();
    go(hrefOf('/jobs', jobsQuery(next)), 'REPLACE');
  };
  return (
    <SpaceBetween size="m">
      <AnswerNotes answer={answer} onRetry={() => queries.refresh(key)} />
      <Table<Mgn.Job>
        variant="full-page"
        stickyHeader
        items={[...items]}
        trackBy="jobID"
        loading={answer.value === undefined && answer.isLoading}
        loadingText={t('common.loading')}
        columnDefinitions={columns}
        ariaLabels={{ tableLabel: t('jobs.title') }}
        empty={<NoJobs isFiltered={isFilteringJobs(filter)} />}
        filter={<JobsFilters filter={filter} onChange={change} />}
        header={
          <Header
            variant="awsui-h1-sticky"
            description={t('jobs.description')}
            actions={
              <Button
                iconName="refresh"
                ariaLabel={t('common.refresh')}
                onClick={() => queries.refresh(key)}
              />
            }
          >
            {t('jobs.title')}
          </Header>
        }
        pagination={<TokenPagination pages={pages} nextToken={answer.value?.nextToken} />}
      />
    </SpaceBetween>
  );
}

function NoJobs({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  if (isFiltered) return <Box textAlign="center">{t('jobs.empty.filtered')}</Box>;
  return (
    <EmptyList title={t('jobs.empty.title')} text={t('jobs.empty.text')}>
      <Button href={hrefOf('/servers')} onFollow={follow}>
        {t('shell.servers')}
      </Button>
    </EmptyList>
  );
}
