/** One server of thousands, found by a word. */
import FormField from '@cloudscape-design/components/form-field';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole } from '../shell/console-context.tsx';
import { EmptyList } from '../widgets/empty-list.tsx';
import { PagedTable } from '../widgets/paged-table.tsx';
import { SearchInput } from '../widgets/search-input.tsx';
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
  const { landfall } = useConsole();
  const [text, setText] = useState('');
  return (
    <PagedTable<Mgn.SourceServer>
      title={title}
      description={description}
      listing={`servers to choose from ${text}`}
      on={['SourceServerChanged']}
      pageSize={PAGE_SIZE}
      load={(page) =>
        landfall('ListServers', { text, filters: { isArchived: false }, sort: 'NAME', ...page })
      }
      filter={
        <FormField label={t('servers.filter.text')}>
          <SearchInput value={text} hint={t('servers.filter.textNote')} onSearch={setText} />
        </FormField>
      }
      trackBy="sourceServerID"
      empty={
        text === '' ? (
          <EmptyList title={t('templates.machines.empty')} text={t('templates.machines.emptyText')} />
        ) : (
          t('servers.empty.filtered')
        )
      }
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
