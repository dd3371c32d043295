/** The audit log. It is read page by page, as long as one likes; nothing moves it but the one who reads. */
import Button from '@cloudscape-design/components/button';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { TableProps } from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { InEnglish } from '../../widgets/in-english.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import {
  type AuditFilter,
  auditInput,
  auditQuery,
  isFiltering,
  parseAuditFilter,
  withText,
} from './audit-filter.ts';
import { AuditFilters, outcomeText } from './audit-filters.tsx';

const PATH = '/audit';
const PAGE_SIZE = 50;

export function AuditPage(): ReactNode {
  const { t } = useI18n();
  const { landfall, clock } = useConsole();
  const { location, go } = useNavigation();
  useTitle(t('audit.title'));
  useSurroundings([{ text: t('audit.title'), href: hrefOf(PATH) }]);
  const filter = parseAuditFilter(location.query);
  const change = (next: AuditFilter) => go(hrefOf(PATH, auditQuery(next)), 'REPLACE');
  const listing = `audit ${JSON.stringify(filter)}`;
  const columns = useColumns((name, value) => change(withText(filter, name, value)));
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('audit.description')}>
          {t('audit.title')}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <AuditFilters filter={filter} onChange={change} />
        <PagedTable<Landfall.AuditEvent>
          key={listing}
          title={t('audit.title')}
          listing={listing}
          load={(page) => landfall('ListAuditEvents', { ...auditInput(filter, clock.nowMs()), ...page })}
          trackBy="eventID"
          pageSize={PAGE_SIZE}
          columns={columns}
          empty={<NoEvents isFiltered={isFiltering(filter)} />}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

function NoEvents({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const { t } = useI18n();
  if (!isFiltered) return <EmptyList title={t('audit.empty')} text={t('audit.emptyText')} />;
  return <EmptyList title={t('audit.empty.filtered')} text={t('audit.empty.filteredText')} />;
}

type Take = (name: 'principal' | 'action' | 'outcome', value: string) => void;

function useColumns(take: Take): readonly TableProps.ColumnDefinition<Landfall.AuditEvent>[] {
  const { t, formats } = useI18n();
  const only = (name: Parameters<Take>[0], value: string, shown = value) => (
    <Button
      variant="inline-link"
      ariaLabel={`${shown}. ${t('audit.filter.only', { value })}`}
      onClick={() => take(name, value)}
    >
      {shown}
    </Button>
  );
  return [
    {
      id: 'time',
      header: t('audit.time'),
      cell: ({ eventDateTime }) => formats.instant(eventDateTime),
      minWidth: 180,
    },
    {
      id: 'principal',
      header: t('audit.principal'),
      minWidth: 150,
      cell: ({ principal }) =>
        principal === undefined
          ? t('audit.nobody')
          : only('principal', principal, principal.replace(/^arn:[^/]*:/, '')),
    },
    {
      id: 'action',
      header: t('audit.action'),
      minWidth: 210,
      isRowHeader: true,
      cell: ({ action }) => only('action', action),
    },
    {
      id: 'outcome',
      header: t('audit.outcome'),
      minWidth: 220,
      cell: ({ outcome, message }) => (
        <>
          <StatusIndicator type={statusOf(outcome)}>
            {only('outcome', outcome, outcomeText(outcome, t))}
          </StatusIndicator>
          {message !== undefined && (
            <div>
              <InEnglish>{message}</InEnglish>
            </div>
          )}
        </>
      ),
    },
    {
      id: 'resources',
      header: t('audit.resources'),
      cell: ({ resources }) => resources.map((arn) => arn.replace(/^.*[:/]/, '')).join(', '),
    },
    { id: 'address', header: t('audit.address'), cell: ({ sourceAddress }) => sourceAddress },
    { id: 'request', header: t('audit.request'), cell: ({ eventID }) => eventID },
  ];
}

function statusOf(outcome: string): 'success' | 'pending' | 'error' {
  if (outcome === 'SUCCESS') return 'success';
  return outcome === 'STARTED' ? 'pending' : 'error';
}
