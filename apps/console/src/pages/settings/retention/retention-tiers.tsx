import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { InEnglish } from '../../../widgets/in-english.tsx';

interface JournalProps {
  readonly journal: Landfall.DescribeJournalResponse;
}

export function JournalFacts({ journal }: JournalProps): ReactNode {
  const { t, formats } = useI18n();
  const { space, volume, forecast, warning, limitBytes } = journal;
  return (
    <Container
      header={
        <Header variant="h2" description={t('settings.journal.measured', measuredAt(journal, formats))}>
          {t('settings.journal')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {warning !== undefined && <Alert type="warning">{warning}</Alert>}
        <KeyValuePairs
          columns={4}
          items={[
            { label: t('settings.journal.total'), value: formats.bytes(space?.totalBytes) },
            { label: t('settings.journal.disks'), value: formats.bytes(space?.diskBytes) },
            { label: t('settings.journal.history'), value: formats.duration(space?.historyMs) },
            {
              label: t('settings.journal.limit'),
              value: limitBytes === undefined ? t('settings.journal.noLimit') : formats.bytes(limitBytes),
            },
            { label: t('settings.journal.base'), value: formats.bytes(space?.baseBytes) },
            { label: t('settings.journal.newest'), value: formats.bytes(space?.newestBytes) },
            { label: t('settings.journal.marked'), value: formats.bytes(space?.marked.bytes) },
            { label: t('settings.journal.reclaimable'), value: formats.bytes(space?.reclaimableBytes) },
            { label: t('settings.journal.volume'), value: formats.bytes(volume.totalBytes) },
            { label: t('settings.journal.free'), value: formats.bytes(volume.freeBytes) },
          ]}
        />
        <Box color="text-body-secondary">
          <InEnglish>{forecast.explanation}</InEnglish>
        </Box>
      </SpaceBetween>
    </Container>
  );
}

function measuredAt(
  { space }: Landfall.DescribeJournalResponse,
  formats: ReturnType<typeof useI18n>['formats'],
): { readonly time: string } {
  return { time: formats.instant(space?.measuredDateTime) };
}

/** What each tier takes, the finest first, as it was measured last. */
export function RetentionTiers({ journal }: JournalProps): ReactNode {
  const { t, formats } = useI18n();
  return (
    <Table<Landfall.JournalTier>
      wrapLines
      header={
        <Header variant="h2" description={t('settings.retention.tiersText')}>
          {t('settings.retention.tiers')}
        </Header>
      }
      items={[...(journal.space?.tiers ?? [])]}
      trackBy={({ everyMs, forMs }) => `${everyMs} ${forMs}`}
      ariaLabels={{ tableLabel: t('settings.retention.tiers') }}
      empty={<Box textAlign="center">{t('settings.journal.measuring')}</Box>}
      columnDefinitions={[
        {
          id: 'every',
          header: t('settings.retention.every'),
          isRowHeader: true,
          cell: ({ everyMs }) =>
            everyMs === 0
              ? t('settings.retention.everyPoint')
              : t('settings.retention.onePerTime', { time: formats.duration(everyMs) }),
        },
        { id: 'for', header: t('settings.retention.for'), cell: ({ forMs }) => formats.duration(forMs) },
        {
          id: 'points',
          header: t('settings.retention.points'),
          cell: ({ points }) => formats.number(points),
        },
        { id: 'bytes', header: t('settings.retention.takes'), cell: ({ bytes }) => formats.bytes(bytes) },
        {
          id: 'cost',
          header: t('settings.retention.frees'),
          cell: ({ costBytes }) => formats.bytes(costBytes),
        },
      ]}
    />
  );
}
