import Link from '@cloudscape-design/components/link';
import type { TableProps } from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { GROUPS_ON_A_PAGE, GroupList, useArchivedFilter } from '../../groups/group-list.tsx';
import { GroupHealth, GroupProgress } from '../../groups/group-status.tsx';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { waveHref } from '../../shell/route.ts';
import { useTokenPages } from '../../widgets/token-pages.ts';

/** Health and progress are those of all servers in it, which change all the time. */
const GAP_MS = 5000;

export function WavesPage(): ReactNode {
  const { mgn } = useConsole();
  const filters = { isArchived: useArchivedFilter() };
  const pages = useTokenPages(JSON.stringify(filters));
  const input = { filters, maxResults: GROUPS_ON_A_PAGE, nextToken: pages.token };
  const key = `waves ${JSON.stringify(input)}`;
  const answer = useLive({
    key,
    on: ['WaveChanged', 'ApplicationChanged', 'SourceServerChanged', 'ReplicationChanged'],
    gapMs: GAP_MS,
    load: () => mgn('ListWaves', input),
  });
  return (
    <GroupList<Mgn.Wave>
      kind="wave"
      queryKey={key}
      answer={answer}
      pages={pages}
      columns={useColumns()}
      idOf={({ waveID = '' }) => waveID}
    />
  );
}

function useColumns(): readonly TableProps.ColumnDefinition<Mgn.Wave>[] {
  const { t, formats } = useI18n();
  const { follow } = useNavigation();
  return [
    {
      id: 'name',
      header: t('common.name'),
      cell: ({ waveID = '', name }) => (
        <Link href={waveHref(waveID)} onFollow={follow}>
          {name}
        </Link>
      ),
      isRowHeader: true,
    },
    {
      id: 'progress',
      header: t('group.progress'),
      cell: ({ waveAggregatedStatus: status }) => <GroupProgress status={status?.progressStatus} />,
    },
    {
      id: 'health',
      header: t('group.health'),
      cell: ({ waveAggregatedStatus: status }) => <GroupHealth status={status?.healthStatus} />,
    },
    {
      id: 'applications',
      header: t('group.wave.members'),
      cell: ({ waveAggregatedStatus: status }) => formats.number(status?.totalApplications ?? 0),
    },
    {
      id: 'began',
      header: t('group.wave.began'),
      cell: ({ waveAggregatedStatus: status }) => formats.dateTime(status?.replicationStartedDateTime),
    },
    { id: 'description', header: t('group.description'), cell: ({ description = '' }) => description },
  ];
}
