import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';

export function DiskProgress({ disks }: { readonly disks: readonly Landfall.ReplicatedDisk[] }): ReactNode {
  const { t } = useI18n();
  return (
    <Container header={<Header variant="h2">{t('replicationTab.disks')}</Header>}>
      <SpaceBetween size="m">
        {disks.map((disk) => (
          <DiskBar key={disk.deviceName} disk={disk} />
        ))}
        {disks.length === 0 && <Box>{t('common.none')}</Box>}
      </SpaceBetween>
    </Container>
  );
}

function DiskBar({ disk }: { readonly disk: Landfall.ReplicatedDisk }): ReactNode {
  const { t, formats } = useI18n();
  const { deviceName, totalStorageBytes: total, replicatedStorageBytes: done } = disk;
  const { backloggedStorageBytes: backlog, rescannedStorageBytes: rescanned } = disk;
  const share = total === 0 ? 0 : done / total;
  const notes = [
    t('replicationTab.disk.synced', { done: formats.bytes(done), total: formats.bytes(total) }),
    ...(backlog > 0 ? [t('replicationTab.disk.backlog', { bytes: formats.bytes(backlog) })] : []),
    ...(rescanned > 0 ? [t('replicationTab.disk.rescan', { bytes: formats.bytes(rescanned) })] : []),
  ];
  return (
    <ProgressBar
      value={Math.floor(share * 1000) / 10}
      label={deviceName}
      additionalInfo={notes.join(' · ')}
    />
  );
}
