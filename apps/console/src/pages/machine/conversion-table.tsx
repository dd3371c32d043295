/** What was changed in the machine's disks so that it starts here. */
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { InEnglish } from '../../widgets/in-english.tsx';
import type { MachineProps } from './machine-life.ts';

type Row = Landfall.ConversionStep & { readonly number: number };

export function ConversionTable({ machine }: MachineProps): ReactNode {
  const { t, formats } = useI18n();
  const rows: Row[] = machine.conversion.map((step, index) => ({ ...step, number: index + 1 }));
  return (
    <Table<Row>
      wrapLines
      header={
        <Header variant="h2" description={t('machine.conversion.text')}>
          {t('machine.conversion.title')}
        </Header>
      }
      items={rows}
      trackBy={({ number }) => String(number)}
      ariaLabels={{ tableLabel: t('machine.conversion.title') }}
      empty={<Box textAlign="center">{t('machine.conversion.empty')}</Box>}
      columnDefinitions={[
        {
          id: 'number',
          header: t('machine.conversion.number'),
          cell: ({ number }) => formats.number(number),
        },
        { id: 'step', header: t('machine.conversion.step'), cell: ({ step }) => step, isRowHeader: true },
        {
          id: 'detail',
          header: t('machine.conversion.detail'),
          cell: ({ detail }) => <InEnglish>{detail}</InEnglish>,
        },
        {
          id: 'took',
          header: t('machine.conversion.took'),
          cell: ({ durationMs }) => formats.duration(durationMs),
        },
      ]}
    />
  );
}
