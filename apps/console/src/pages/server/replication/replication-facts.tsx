import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { ReplicationStatus } from '../../../servers/server-status.tsx';
import type { ServerTabProps } from '../server-page.tsx';

export function ReplicationFacts(
  props: ServerTabProps & { readonly replication: Landfall.DescribeReplicationResponse },
): ReactNode {
  const { server, replication } = props;
  const { t, formats } = useI18n();
  const { captureMode, captureReason, limits } = replication;
  const mode = captureMode === undefined ? t('common.unknown') : t(`replicationTab.mode.${captureMode}`);
  const items = [
    { label: t('replicationTab.state'), value: <ReplicationStatus server={server} /> },
    { label: t('replicationTab.connected'), value: t(replication.connected ? 'common.yes' : 'common.no') },
    { label: t('replicationTab.lag'), value: formats.duration(replication.lagMs) },
    { label: t('replicationTab.lagP50'), value: formats.duration(replication.lagP50Ms) },
    { label: t('replicationTab.lagP99'), value: formats.duration(replication.lagP99Ms) },
    { label: t('replicationTab.points'), value: formats.number(replication.recoveryPoints) },
    { label: t('replicationTab.received'), value: formats.bytes(replication.bytesReceived) },
    {
      label: t('replicationTab.mode'),
      value: captureReason === undefined ? mode : `${mode}: ${captureReason}`,
    },
    {
      label: t('replicationTab.limit'),
      value:
        limits.currentMbps === 0
          ? t('replicationTab.limit.none')
          : t('replicationTab.limit.mbps', { count: limits.currentMbps }),
    },
  ];
  return (
    <Container header={<Header variant="h2">{t('server.tab.replication')}</Header>}>
      <KeyValuePairs columns={3} items={items} />
    </Container>
  );
}
