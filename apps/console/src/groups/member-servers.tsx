/** The servers of an application or a wave, with what can be done with those selected. */
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { parseIsoDuration } from '../i18n/formats.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { MachineLink } from '../machines/machine-link.tsx';
import { nextStep, nextStepKey } from '../servers/next-step.ts';
import { ServerLink } from '../servers/server-link.tsx';
import { serverName } from '../servers/server-name.ts';
import { LifeCycleStatus, ReplicationStatus } from '../servers/server-status.tsx';
import { useServerActions } from '../servers/use-server-actions.tsx';
import { useLocalPages } from '../widgets/local-pages.tsx';

const PAGE_SIZE = 25;

export interface MemberServersProps {
  readonly servers: readonly Mgn.SourceServer[];
  readonly empty: ReactNode;
  /** Further buttons, for the servers that are selected. */
  readonly buttons?: (selected: readonly Mgn.SourceServer[], clear: () => void) => ReactNode;
}

export function MemberServers({ servers, empty, buttons }: MemberServersProps): ReactNode {
  const { t, formats } = useI18n();
  const [selectedIds, setSelectedIds] = useState<readonly string[]>([]);
  const clear = () => setSelectedIds([]);
  const selected = servers.filter(({ sourceServerID = '' }) => selectedIds.includes(sourceServerID));
  const actions = useServerActions(selected, clear);
  const { shown, pagination } = useLocalPages(servers, PAGE_SIZE);
  return (
    <>
      <Table<Mgn.SourceServer>
        header={
          <Header
            variant="h2"
            counter={`(${formats.number(servers.length)})`}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                {buttons?.(selected, clear)}
                {actions.menu}
              </SpaceBetween>
            }
          >
            {t('group.servers')}
          </Header>
        }
        items={shown}
        trackBy="sourceServerID"
        selectionType="multi"
        selectedItems={[...selected]}
        onSelectionChange={({ detail }) =>
          setSelectedIds(detail.selectedItems.map(({ sourceServerID = '' }) => sourceServerID))
        }
        ariaLabels={{
          tableLabel: t('group.servers'),
          selectionGroupLabel: t('group.servers'),
          allItemsSelectionLabel: () => t('servers.select.all'),
          itemSelectionLabel: (_state, server) => t('servers.select.one', { name: serverName(server) }),
        }}
        empty={empty}
        {...(pagination === undefined ? {} : { pagination })}
        columnDefinitions={[
          {
            id: 'server',
            header: t('servers.column.server'),
            cell: (server) => (
              <ServerLink sourceServerID={server.sourceServerID ?? ''} name={serverName(server)} />
            ),
            isRowHeader: true,
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
          {
            id: 'lag',
            header: t('servers.column.lag'),
            cell: ({ dataReplicationInfo: info }) => formats.duration(parseIsoDuration(info?.lagDuration)),
          },
          {
            id: 'machine',
            header: t('machines.column.machine'),
            cell: ({ launchedInstance }) => <MachineLink machineID={launchedInstance?.ec2InstanceID} />,
          },
          {
            id: 'next',
            header: t('servers.column.next'),
            cell: (server) => t(nextStepKey(nextStep(server))),
          },
        ]}
      />
      {actions.dialog}
    </>
  );
}
