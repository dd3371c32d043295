/** The machines that were launched. Filters and pages are the service's. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useMemo } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useServerNames } from '../../servers/server-names.ts';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { AnswerNotes } from '../../widgets/answer-notes.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { useTokenPages } from '../../widgets/token-pages.ts';
import { TokenPagination } from '../../widgets/token-pagination.tsx';
import { machineColumns } from './machines-columns.tsx';
import {
  isFilteringMachines,
  type MachinesFilter,
  machinesInput,
  machinesQuery,
  parseMachinesFilter,
} from './machines-filter.ts';
import { MachinesFilters } from './machines-filters.tsx';

const PAGE_SIZE = 25;
/** A machine that fills in its disks tells of it every few seconds. */
const GAP_MS = 3000;

export function MachinesPage(): ReactNode {
  const i18n = useI18n();
  const { t } = i18n;
  const { landfall, queries } = useConsole();
  const { location, go } = useNavigation();
  useTitle(t('machines.title'));
  useSurroundings([{ text: t('machines.title'), href: hrefOf('/machines') }]);
  const filter = parseMachinesFilter(location.query);
  const pages = useTokenPages(JSON.stringify(filter));
  const input = { ...machinesInput(filter), maxResults: PAGE_SIZE, nextToken: pages.token };
  const key = `machines ${JSON.stringify(input)}`;
  const answer = useLive({
    key,
    on: ['LaunchedMachineChanged'],
    gapMs: GAP_MS,
    load: () => landfall('DescribeLaunchedMachines', input),
  });
  const items = answer.value?.items ?? [];
  const nameOf = useServerNames(items.map(({ sourceServerID }) => sourceServerID));
  const columns = useMemo(() => machineColumns(i18n, nameOf), [i18n, nameOf]);
  const change = (next: MachinesFilter) => {
    pages.first();
    go(hrefOf('/machines', machinesQuery(next)), 'REPLACE');
  };
  return (
    <SpaceBetween size="m">
      <AnswerNotes answer={answer} onRetry={() => queries.refresh(key)} />
      <Table<Landfall.LaunchedMachine>
        variant="full-page"
        stickyHeader
        items={[...items]}
        trackBy="machineID"
        loading={answer.value === undefined && answer.isLoading}
        loadingText={t('common.loading')}
        columnDefinitions={columns}
        ariaLabels={{ tableLabel: t('machines.title') }}
        empty={<NoMachines isFiltered={isFilteringMachines(filter)} />}
        filter={<MachinesFilters filter={filter} onChange={change} />}
        header={
          <Header
            variant="awsui-h1-sticky"
            description={t('machines.description')}
            actions={
              <Button
                iconName="refresh"
                ariaLabel={t('common.refresh')}
                onClick={() => queries.refresh(key)}
              />
            }
          >
            {t('machines.title')}
          </Header>
        }
        pagination={<TokenPagination pages={pages} nextToken={answer.value?.nextToken} />}
      />
    </SpaceBetween>
  );
}

function NoMachines({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  if (isFiltered) return <Box textAlign="center">{t('machines.empty.filtered')}</Box>;
  return (
    <EmptyList title={t('machines.empty.title')} text={t('machines.empty.text')}>
      <Button href={hrefOf('/servers')} onFollow={follow}>
        {t('shell.servers')}
      </Button>
    </EmptyList>
  );
}
