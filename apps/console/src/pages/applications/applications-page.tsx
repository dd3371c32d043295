import Link from '@cloudscape-design/components/link';
import type { TableProps } from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { GROUPS_ON_A_PAGE, GroupList, useArchivedFilter } from '../../groups/group-list.tsx';
import { GroupHealth, GroupProgress } from '../../groups/group-status.tsx';
import { listAllWaves } from '../../groups/list-applications.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { applicationHref, waveHref } from '../../shell/route.ts';
import { useTokenPages } from '../../widgets/token-pages.ts';

/** Health and progress are those of all servers in it, which change all the time. */
const GAP_MS = 5000;

export function ApplicationsPage(): ReactNode {
  const { mgn } = useConsole();
  const filters = { isArchived: useArchivedFilter() };
  const pages = useTokenPages(JSON.stringify(filters));
  const input = { filters, maxResults: GROUPS_ON_A_PAGE, nextToken: pages.token };
  const key = `applications ${JSON.stringify(input)}`;
  const answer = useLive({
    key,
    on: ['ApplicationChanged', 'SourceServerChanged', 'ReplicationChanged'],
    gapMs: GAP_MS,
    load: () => mgn('ListApplications', input),
  });
  return (
    <GroupList<Mgn.Application>
      kind="application"
      queryKey={key}
      answer={answer}
      pages={pages}
      columns={useColumns()}
      idOf={({ applicationID = '' }) => applicationID}
    />
  );
}

function useColumns(): readonly TableProps.ColumnDefinition<Mgn.Application>[] {
  const { t, formats } = useI18n();
  const { mgn } = useConsole();
  const { follow } = useNavigation();
  const waves = useLive({ key: 'all waves', on: ['WaveChanged'], load: () => listAllWaves(mgn, {}) }).value;
  const nameOfWave = (id: string) => waves?.find(({ waveID }) => waveID === id)?.name ?? id;
  return [
    {
      id: 'name',
      header: t('common.name'),
      cell: ({ applicationID = '', name }) => (
        <Link href={applicationHref(applicationID)} onFollow={follow}>
          {name}
        </Link>
      ),
      isRowHeader: true,
    },
    {
      id: 'progress',
      header: t('group.progress'),
      cell: ({ applicationAggregatedStatus: status }) => <GroupProgress status={status?.progressStatus} />,
    },
    {
      id: 'health',
      header: t('group.health'),
      cell: ({ applicationAggregatedStatus: status }) => <GroupHealth status={status?.healthStatus} />,
    },
    {
      id: 'servers',
      header: t('group.application.members'),
      cell: ({ applicationAggregatedStatus: status }) => formats.number(status?.totalSourceServers ?? 0),
    },
    {
      id: 'wave',
      header: t('group.wave'),
      cell: ({ waveID }) =>
        waveID === undefined ? (
          t('common.none')
        ) : (
          <Link href={waveHref(waveID)} onFollow={follow}>
            {nameOfWave(waveID)}
          </Link>
        ),
    },
    { id: 'description', header: t('group.description'), cell: ({ description = '' }) => description },
    {
      id: 'created',
      header: t('group.created'),
      cell: ({ creationDateTime }) => formats.dateTime(creationDateTime),
    },
  ];
}
