/** What the server is: disks, network, system, tags. */
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { CopyText } from '../../../widgets/copy-text.tsx';
import { InEnglish } from '../../../widgets/in-english.tsx';
import type { ServerTabProps } from '../server-page.tsx';
import { TagsEditor } from './tags-editor.tsx';

export function DetailsTab({ server }: ServerTabProps): ReactNode {
  return (
    <SpaceBetween size="l">
      <DiskTable server={server} />
      <NetworkTable interfaces={server.sourceProperties?.networkInterfaces ?? []} />
      <SystemFacts server={server} />
      <TagsEditor server={server} />
    </SpaceBetween>
  );
}

function DiskTable({ server }: ServerTabProps): ReactNode {
  const { t, formats } = useI18n();
  const replicated = new Set(
    (server.dataReplicationInfo?.replicatedDisks ?? []).map(({ deviceName }) => deviceName),
  );
  return (
    <Table<Mgn.Disk>
      header={<Header variant="h2">{t('details.disks')}</Header>}
      items={[...(server.sourceProperties?.disks ?? [])]}
      ariaLabels={{ tableLabel: t('details.disks') }}
      empty={<Box textAlign="center">{t('common.none')}</Box>}
      columnDefinitions={[
        {
          id: 'device',
          header: t('details.disks.device'),
          cell: ({ deviceName }) => deviceName,
          isRowHeader: true,
        },
        { id: 'size', header: t('details.disks.size'), cell: ({ bytes }) => formats.bytes(bytes) },
        {
          id: 'replicated',
          header: t('details.disks.replicated'),
          cell: ({ deviceName }) => t(replicated.has(deviceName) ? 'common.yes' : 'common.no'),
        },
      ]}
    />
  );
}

function NetworkTable({ interfaces }: { readonly interfaces: readonly Mgn.NetworkInterface[] }): ReactNode {
  const { t } = useI18n();
  return (
    <Table<Mgn.NetworkInterface>
      header={<Header variant="h2">{t('details.network')}</Header>}
      items={[...interfaces]}
      ariaLabels={{ tableLabel: t('details.network') }}
      empty={<Box textAlign="center">{t('common.none')}</Box>}
      columnDefinitions={[
        {
          id: 'mac',
          header: t('details.network.mac'),
          cell: ({ macAddress }) => macAddress,
          isRowHeader: true,
        },
        { id: 'addresses', header: t('details.network.addresses'), cell: ({ ips }) => ips?.join(', ') },
        {
          id: 'primary',
          header: t('details.network.primary'),
          cell: ({ isPrimary }) => t(isPrimary === true ? 'common.yes' : 'common.no'),
        },
      ]}
    />
  );
}

function SystemFacts({ server }: ServerTabProps): ReactNode {
  const { t, formats } = useI18n();
  const { os, cpus, ramBytes, recommendedInstanceType } = server.sourceProperties ?? {};
  const processors = (cpus ?? []).map(({ cores, modelName }) => `${cores ?? '?'} × ${modelName ?? '?'}`);
  const known = (text = '') => (text === '' ? t('common.unknown') : <InEnglish>{text}</InEnglish>);
  return (
    <Container header={<Header variant="h2">{t('details.system')}</Header>}>
      <KeyValuePairs
        columns={2}
        items={[
          { label: t('details.system.os'), value: known(os?.fullString) },
          { label: t('details.system.cpus'), value: known(processors.join(', ')) },
          { label: t('details.system.memory'), value: formats.bytes(ramBytes) },
          { label: t('details.system.size'), value: recommendedInstanceType ?? t('common.unknown') },
          { label: t('details.system.arn'), value: <CopyText text={server.arn ?? ''} /> },
        ]}
      />
    </Container>
  );
}
