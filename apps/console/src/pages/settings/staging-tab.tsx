/**
 * The machines that keep copies and launch them, and the room they have. Read only: they are set up
 * elsewhere.
 */
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { Connection } from './connection.tsx';
import { LaunchHosts } from './launch-hosts.tsx';

const GAP_MS = 5000;

export function StagingTab(): ReactNode {
  const { landfall, queries } = useConsole();
  const service = useLive({
    key: 'service',
    on: ['ProgramChanged', 'ReplicationChanged', 'LaunchedMachineChanged'],
    gapMs: GAP_MS,
    load: () => landfall('DescribeService', {}),
  });
  return (
    <LiveState answer={service} onRetry={() => queries.refresh('service')}>
      {({ replicationServers, launchHosts }) => (
        <SpaceBetween size="l">
          <ReplicationServers servers={replicationServers} />
          <LaunchHosts hosts={launchHosts} />
        </SpaceBetween>
      )}
    </LiveState>
  );
}

function ReplicationServers(props: {
  readonly servers: readonly Landfall.ReplicationServerItem[];
}): ReactNode {
  const { t, formats } = useI18n();
  return (
    <Table<Landfall.ReplicationServerItem>
      wrapLines
      header={
        <Header variant="h2" description={t('settings.staging.text')}>
          {t('settings.staging.servers')}
        </Header>
      }
      items={[...props.servers]}
      trackBy="replicationServerID"
      ariaLabels={{ tableLabel: t('settings.staging.servers') }}
      empty={<EmptyList title={t('settings.staging.empty')} text={t('settings.staging.emptyText')} />}
      columnDefinitions={[
        {
          id: 'id',
          header: t('settings.staging.server'),
          isRowHeader: true,
          cell: ({ replicationServerID }) => replicationServerID,
        },
        {
          id: 'state',
          header: t('common.state'),
          cell: ({ connected }) => <Connection isConnected={connected} />,
        },
        {
          id: 'address',
          header: t('settings.staging.address'),
          cell: ({ host, port }) => (host === undefined ? t('common.unknown') : `${host}:${port ?? '?'}`),
        },
        { id: 'space', header: t('settings.staging.space'), cell: (server) => <Space server={server} /> },
        {
          id: 'version',
          header: t('settings.version'),
          cell: ({ version }) => version ?? t('common.unknown'),
        },
        {
          id: 'seen',
          header: t('settings.lastSeen'),
          cell: ({ lastSeenDateTime }) => formats.instant(lastSeenDateTime),
        },
      ]}
    />
  );
}

function Space({ server }: { readonly server: Landfall.ReplicationServerItem }): ReactNode {
  const { t, formats } = useI18n();
  const { stagingTotalBytes: total, stagingFreeBytes: free, replicationServerID } = server;
  if (total === undefined || free === undefined || total === 0) return t('common.unknown');
  const used = total - free;
  return (
    <ProgressBar
      ariaLabel={t('settings.staging.spaceOf', { id: replicationServerID })}
      value={Math.round((used / total) * 100)}
      additionalInfo={t('dashboard.staging.used', { used: formats.bytes(used), total: formats.bytes(total) })}
    />
  );
}
