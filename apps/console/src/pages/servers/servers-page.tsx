/** The list of source servers. Filters and pages are the service's: thousands of servers cost one page. */
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import type { Landfall, Mgn } from '@landfall/api/types';
import { type ReactNode, useMemo, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { serverName } from '../../servers/server-name.ts';
import { useServerActions } from '../../servers/use-server-actions.tsx';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { FailureAlert, SlowNote } from '../../widgets/live-state.tsx';
import { useStoredPreference } from '../../widgets/stored-preference.ts';
import { useTokenPages } from '../../widgets/token-pages.ts';
import { TokenPagination } from '../../widgets/token-pagination.tsx';
import { NoServers } from './no-servers.tsx';
import { COLUMN_IDS, serverColumns } from './servers-columns.tsx';
import {
  filterQuery,
  isFiltering,
  parseFilter,
  parseOrder,
  type ServersFilter,
  type ServersOrder,
  searchInput,
} from './servers-filter.ts';
import { ServersFilters } from './servers-filters.tsx';
import { ServersHeader } from './servers-header.tsx';
import { PREFERENCES_DEFAULT, ServersPreferences } from './servers-preferences.tsx';

const HELP = ['help.servers.1', 'help.servers.2'] as const;

export function ServersPage(): ReactNode {
  const i18n = useI18n();
  const { t } = i18n;
  const { queries } = useConsole();
  const navigation = useNavigation();
  useTitle(t('servers.title'));
  useSurroundings([{ text: t('servers.title'), href: hrefOf('/servers') }], HELP);
  const [preferences, setPreferences] = useStoredPreference('servers', PREFERENCES_DEFAULT);
  const filter = parseFilter(navigation.location.query);
  const order = parseOrder(navigation.location.query);
  const asked = searchInput(filter, order);
  const pages = useTokenPages(JSON.stringify([asked, preferences.pageSize]));
  const { key, answer } = useServers({ ...asked, maxResults: preferences.pageSize, nextToken: pages.token });
  const items = useMemo(() => answer.value?.items ?? [], [answer.value]);
  const [selectedIds, setSelectedIds] = useState<readonly string[]>([]);
  const selected = items.filter(({ sourceServerID = '' }) => selectedIds.includes(sourceServerID));
  const actions = useServerActions(selected, () => setSelectedIds([]));
  const columns = useMemo(() => serverColumns(i18n, navigation), [i18n, navigation]);
  const change = (next: ServersFilter, nextOrder: ServersOrder = order) => {
    pages.first();
    setSelectedIds([]);
    navigation.go(hrefOf('/servers', filterQuery(next, nextOrder)), 'REPLACE');
  };
  const refresh = () => queries.refresh(key);
  return (
    <SpaceBetween size="m">
      {answer.isSlow && <SlowNote />}
      {answer.failure !== undefined && (
        <FailureAlert failure={answer.failure} onRetry={refresh} isStale={answer.value !== undefined} />
      )}
      <Table<Mgn.SourceServer>
        variant="full-page"
        stickyHeader
        items={items}
        trackBy="sourceServerID"
        loading={answer.value === undefined && answer.isLoading}
        loadingText={t('common.loading')}
        columnDefinitions={columns}
        columnDisplay={COLUMN_IDS.map((id) => ({ id, visible: preferences.visibleContent.includes(id) }))}
        {...sorting(order, columns, (next) => change(filter, next))}
        wrapLines={preferences.wrapLines}
        selectionType="multi"
        selectedItems={selected}
        onSelectionChange={({ detail }) =>
          setSelectedIds(detail.selectedItems.map(({ sourceServerID = '' }) => sourceServerID))
        }
        ariaLabels={{
          tableLabel: t('servers.title'),
          selectionGroupLabel: t('servers.title'),
          allItemsSelectionLabel: () => t('servers.select.all'),
          itemSelectionLabel: (_state, server) => t('servers.select.one', { name: serverName(server) }),
        }}
        empty={<NoServers isFiltered={isFiltering(filter)} />}
        filter={<ServersFilters filter={filter} onChange={change} />}
        header={
          <ServersHeader
            count={items.length}
            total={answer.value?.total}
            menu={actions.menu}
            onRefresh={refresh}
          />
        }
        pagination={<TokenPagination pages={pages} nextToken={answer.value?.nextToken} />}
        preferences={
          <ServersPreferences
            preferences={preferences}
            onChange={(next) => {
              pages.first();
              setPreferences(next);
            }}
          />
        }
      />
      {actions.dialog}
    </SpaceBetween>
  );
}

type Columns = readonly TableProps.ColumnDefinition<Mgn.SourceServer>[];

function sorting(
  { sort, isDescending }: ServersOrder,
  columns: Columns,
  onSort: (order: ServersOrder) => void,
): Pick<TableProps<Mgn.SourceServer>, 'sortingColumn' | 'sortingDescending' | 'onSortingChange'> {
  const sorted = columns.find(({ sortingField }) => sortingField === sort);
  return {
    ...(sorted === undefined ? {} : { sortingColumn: sorted }),
    sortingDescending: isDescending,
    onSortingChange: ({ detail }) => {
      const { sortingField } = detail.sortingColumn;
      onSort(
        parseOrder({ sort: sortingField ?? '', order: detail.isDescending === true ? 'descending' : '' }),
      );
    },
  };
}

/** However many of them report, the list that somebody reads moves every other second at most. */
const GAP_MS = 2000;

function useServers(input: Landfall.ListServersRequest) {
  const { landfall } = useConsole();
  const key = `servers ${JSON.stringify(input)}`;
  const answer = useLive({
    key,
    on: ['SourceServerChanged', 'ReplicationChanged', 'ApplicationChanged'],
    gapMs: GAP_MS,
    load: () => landfall('ListServers', input),
  });
  return { key, answer };
}
