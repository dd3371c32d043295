/** The machines that launch, what each really can, and why not more. */
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { InEnglish } from '../../widgets/in-english.tsx';
import { Connection } from './connection.tsx';

export function LaunchHosts({ hosts }: { readonly hosts: readonly Landfall.LaunchHostItem[] }): ReactNode {
  const { t, formats } = useI18n();
  return (
    <Table<Landfall.LaunchHostItem>
      wrapLines
      header={
        <Header variant="h2" description={t('settings.hosts.text')}>
          {t('settings.hosts')}
        </Header>
      }
      items={[...hosts]}
      trackBy="launchHostID"
      ariaLabels={{ tableLabel: t('settings.hosts') }}
      empty={<EmptyList title={t('settings.hosts.empty')} text={t('settings.hosts.emptyText')} />}
      columnDefinitions={[
        {
          id: 'id',
          header: t('settings.hosts.host'),
          isRowHeader: true,
          cell: ({ launchHostID }) => launchHostID,
        },
        {
          id: 'state',
          header: t('common.state'),
          cell: ({ connected }) => <Connection isConnected={connected} />,
        },
        {
          id: 'machines',
          header: t('settings.hosts.machines'),
          cell: ({ machines }) => (machines === undefined ? t('common.unknown') : formats.number(machines)),
        },
        {
          id: 'memory',
          header: t('settings.hosts.memory'),
          cell: ({ freeMemoryBytes, memoryBytes }) => <Room free={freeMemoryBytes} total={memoryBytes} />,
        },
        {
          id: 'disk',
          header: t('settings.hosts.disk'),
          cell: ({ diskFreeBytes, diskTotalBytes }) => <Room free={diskFreeBytes} total={diskTotalBytes} />,
        },
        {
          id: 'firmware',
          header: t('settings.hosts.firmware'),
          cell: ({ firmware }) => firmware?.map(firmwareName).join(', ') ?? t('common.unknown'),
        },
        {
          id: 'accelerator',
          header: t('settings.hosts.accelerator'),
          cell: (host) => <AcceleratorText host={host} />,
        },
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

function AcceleratorText({ host }: { readonly host: Landfall.LaunchHostItem }): ReactNode {
  const { t } = useI18n();
  const { accelerator, acceleratorReason, hostVersion } = host;
  if (accelerator === undefined) return t('common.unknown');
  return (
    <>
      {t(`settings.hosts.accelerator.${accelerator}`)}
      {[hostVersion, acceleratorReason].map(
        (text) =>
          text !== undefined && (
            <Box key={text} variant="small" display="block">
              <InEnglish>{text}</InEnglish>
            </Box>
          ),
      )}
    </>
  );
}

function Room(props: { readonly free: number | undefined; readonly total: number | undefined }): ReactNode {
  const { t, formats } = useI18n();
  const { free, total } = props;
  if (total === undefined) return formats.bytes(free);
  return t('settings.hosts.roomOf', { free: formats.bytes(free), total: formats.bytes(total) });
}

/** Names, the same in every language. */
function firmwareName({ bootMode }: Landfall.LaunchHostFirmware): string {
  return bootMode === 'LEGACY_BIOS' ? 'BIOS' : bootMode;
}
