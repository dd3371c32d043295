/** One server of thousands, chosen from a page of them. */
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole } from '../shell/console-context.tsx';
import { EmptyList } from '../widgets/empty-list.tsx';
import { PagedTable } from '../widgets/paged-table.tsx';
import { serverName } from './server-name.ts';
import { LifeCycleStatus, ReplicationStatus } from './server-status.tsx';

export interface ServerPickerProps {
  readonly title: string;
  readonly description: string;
  readonly chosen: Mgn.SourceServer | undefined;
  readonly onChoose: (server: Mgn.SourceServer | undefined) => void;
}

const PAGE_SIZE = 10;

export function ServerPicker({ title, description, chosen, onChoose }: ServerPickerProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  return (
    <PagedTable<Mgn.SourceServer>
      title={title}
      description={description}
      listing="servers to choose from"
      on={['SourceServerChanged']}
      pageSize={PAGE_SIZE}
      load={(page) => mgn('DescribeSourceServers', { filters: { isArchived: false }, ...page })}
      trackBy="sourceServerID"
      empty={<EmptyList title={t('templates.machines.empty')} text={t('templates.machines.emptyText')} />}
      selection={{
        chosen,
        choose: onChoose,
        labelOf: (server) => t('templates.machines.choose', { name: serverName(server) }),
      }}
      columns={[
        { id: 'name', header: t('servers.column.server'), isRowHeader: true, cell: serverName },
        {
          id: 'id',
          header: 'ID',
          cell: ({ sourceServerID }) => sourceServerID,
        },
        {
          id: 'lifeCycle',
          header: t('servers.column.lifeCycle'),
          cell: (server) => <LifeCycleStatus server={server} />,
        },
        {
          id: 'replication',
          header: t('servers.column.replication'),
          cell: (server) => <ReplicationStatus server={server} />,
        },
      ]}
    />
  );
}
