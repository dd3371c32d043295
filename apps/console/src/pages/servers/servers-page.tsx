/** The list of source servers. Filters and pages are the service's: thousands of servers cost one page. */
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
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
import { apiFilters, filterQuery, isFiltering, parseFilter, type ServersFilter } from './servers-filter.ts';
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
  const pages = useTokenPages();
  const filter = parseFilter(navigation.location.query);
  const { key, answer } = useServers(filter, preferences.pageSize, pages.token);
  const items = useMemo(() => answer.value?.items ?? [], [answer.value]);
  const [selectedIds, setSelectedIds] = useState<readonly string[]>([]);
  const selected = items.filter(({ sourceServerID = '' }) => selectedIds.includes(sourceServerID));
  const actions = useServerActions(selected, () => setSelectedIds([]));
  const columns = useMemo(() => serverColumns(i18n, navigation), [i18n, navigation]);
  const change = (next: ServersFilter) => {
    pages.first();
    setSelectedIds([]);
    navigation.go(hrefOf('/servers', filterQuery(next)), 'REPLACE');
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
        header={<ServersHeader count={items.length} menu={actions.menu} onRefresh={refresh} />}
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

function useServers(filter: ServersFilter, maxResults: number, nextToken: string | undefined) {
  const { mgn } = useConsole();
  const input = { filters: apiFilters(filter), maxResults, nextToken };
  const key = `servers ${JSON.stringify(input)}`;
  const answer = useLive({
    key,
    on: ['SourceServerChanged', 'ReplicationChanged'],
    load: () => mgn('DescribeSourceServers', input),
  });
  return { key, answer };
}
