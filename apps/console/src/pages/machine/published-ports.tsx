/** Where the machine can be reached. */
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { CopyText } from '../../widgets/copy-text.tsx';
import type { MachineProps } from './machine-life.ts';

export function PublishedPorts({ machine }: MachineProps): ReactNode {
  const { t } = useI18n();
  return (
    <Table<Landfall.PublishedPort>
      header={
        <Header variant="h2" description={t('machine.ports.text')}>
          {t('machine.ports.title')}
        </Header>
      }
      items={[...machine.published]}
      trackBy={({ guestPort }) => String(guestPort)}
      ariaLabels={{ tableLabel: t('machine.ports.title') }}
      empty={<Box textAlign="center">{t('machine.ports.empty')}</Box>}
      columnDefinitions={[
        {
          id: 'guest',
          header: t('machine.ports.guest'),
          cell: ({ guestPort }) => String(guestPort),
          isRowHeader: true,
        },
        {
          id: 'address',
          header: t('machine.ports.address'),
          cell: ({ host, port }) => <CopyText text={`${host}:${port}`} />,
        },
      ]}
    />
  );
}
