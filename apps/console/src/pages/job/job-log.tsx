/** What the job wrote, in order. */
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import Toggle from '@cloudscape-design/components/toggle';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { InEnglish } from '../../widgets/in-english.tsx';
import { useLocalPages } from '../../widgets/local-pages.tsx';
import { eventOf } from './job-steps.ts';

const PAGE_SIZE = 50;

export interface JobLogProps {
  readonly log: readonly Mgn.JobLog[];
  readonly nameOf: (sourceServerID: string) => string;
  /** The server that is looked at closer. */
  readonly chosen: string | undefined;
}

type Row = Mgn.JobLog & { readonly number: number };

export function JobLog({ log, nameOf, chosen }: JobLogProps): ReactNode {
  const { t, formats } = useI18n();
  const [isOfOne, setIsOfOne] = useState(false);
  const numbered: readonly Row[] = log.map((entry, number) => ({ ...entry, number }));
  const wanted = numbered.filter(
    ({ eventData }) =>
      !isOfOne || eventData?.sourceServerID === undefined || eventData.sourceServerID === chosen,
  );
  const { shown, pagination } = useLocalPages(wanted, PAGE_SIZE);
  const wordsOf = (entry: Row) => {
    const event = eventOf(entry);
    return event === undefined ? (entry.event ?? t('common.unknown')) : t(`job.event.${event}`);
  };
  return (
    <Table<Row>
      wrapLines
      header={
        <Header
          variant="h2"
          counter={`(${formats.number(wanted.length)})`}
          actions={
            <Toggle checked={isOfOne} onChange={({ detail }) => setIsOfOne(detail.checked)}>
              {t('job.log.chosenOnly')}
            </Toggle>
          }
        >
          {t('job.log.title')}
        </Header>
      }
      items={shown}
      trackBy={({ number }) => String(number)}
      ariaLabels={{ tableLabel: t('job.log.title') }}
      empty={<Box textAlign="center">{t('job.log.empty')}</Box>}
      {...(pagination === undefined ? {} : { pagination })}
      columnDefinitions={[
        {
          id: 'time',
          header: t('job.log.time'),
          cell: ({ logDateTime }) => formats.instant(logDateTime),
          width: 220,
        },
        { id: 'event', header: t('job.log.event'), cell: wordsOf, isRowHeader: true },
        {
          id: 'server',
          header: t('servers.column.server'),
          cell: ({ eventData: { sourceServerID: id } = {} }) => (id === undefined ? '' : nameOf(id)),
        },
        {
          id: 'detail',
          header: t('job.log.detail'),
          cell: ({ eventData }) => <InEnglish>{eventData?.rawError}</InEnglish>,
        },
      ]}
    />
  );
}
