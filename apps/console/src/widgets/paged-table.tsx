/**
 * A table over a listing of the API, page by page, kept up while it is shown. Another listing (a filter that
 * changed) begins at its first page: give the component the listing as its `key`.
 */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import type { EventType } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../shell/console-context.tsx';
import { FailureAlert, SlowNote } from './live-state.tsx';

import { useTokenPages } from './token-pages.ts';
import { TokenPagination } from './token-pagination.tsx';

export interface PageInput {
  readonly maxResults: number;
  readonly nextToken: string | undefined;
}

export interface ItemPage<Item> {
  readonly items?: readonly Item[] | undefined;
  readonly nextToken?: string | undefined;
}

export interface PagedTableProps<Item> {
  readonly title: string;
  readonly description?: string;
  /** What is listed, filters included; equal names share their answers. */
  readonly listing: string;
  readonly load: (page: PageInput) => Promise<ItemPage<Item>>;
  readonly on?: readonly EventType[];
  readonly about?: string;
  readonly columns: readonly TableProps.ColumnDefinition<Item>[];
  readonly trackBy: TableProps.TrackBy<Item>;
  readonly empty: ReactNode;
  readonly actions?: ReactNode;
  /** Stands above the rows. What it leaves out is part of `listing`. */
  readonly filter?: ReactNode;
  readonly pageSize?: number;
  readonly selection?: Selection<Item>;
}

/** One of them can be chosen. */
export interface Selection<Item> {
  readonly chosen: Item | undefined;
  readonly choose: (item: Item | undefined) => void;
  readonly labelOf: (item: Item) => string;
}

const PAGE_SIZE = 25;

export function PagedTable<Item>(props: PagedTableProps<Item>): ReactNode {
  const { title, description, listing, load, on = [], about, pageSize = PAGE_SIZE } = props;
  const { t } = useI18n();
  const { queries } = useConsole();
  const pages = useTokenPages(`${listing} ${pageSize}`);
  const { token } = pages;
  const key = `${listing} ${pageSize} ${token ?? ''}`;
  const { value, failure, isLoading, isSlow } = useLive({
    key,
    on,
    about,
    load: () => load({ maxResults: pageSize, nextToken: token }),
  });
  const refresh = () => queries.refresh(key);
  const isPaged = pages.number > 1 || value?.nextToken !== undefined;
  return (
    <SpaceBetween size="m">
      {isSlow && <SlowNote />}
      {failure !== undefined && (
        <FailureAlert failure={failure} onRetry={refresh} isStale={value !== undefined} />
      )}
      {(value !== undefined || failure === undefined) && (
        <Table<Item>
          wrapLines
          items={value?.items ?? []}
          trackBy={props.trackBy}
          columnDefinitions={props.columns}
          loading={value === undefined && isLoading}
          loadingText={t('common.loading')}
          filter={props.filter}
          empty={<Box textAlign="center">{props.empty}</Box>}
          {...selectionProps(props.selection, title)}
          pagination={isPaged && <TokenPagination pages={pages} nextToken={value?.nextToken} />}
          header={
            <Header
              variant="h2"
              description={description}
              actions={<ListActions onRefresh={refresh}>{props.actions}</ListActions>}
            >
              {title}
            </Header>
          }
        />
      )}
    </SpaceBetween>
  );
}

function ListActions(props: { readonly onRefresh: () => void; readonly children: ReactNode }): ReactNode {
  const { t } = useI18n();
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button iconName="refresh" ariaLabel={t('common.refresh')} onClick={props.onRefresh} />
      {props.children}
    </SpaceBetween>
  );
}

function selectionProps<Item>(selection: Selection<Item> | undefined, title: string) {
  const ariaLabels = { tableLabel: title };
  if (selection === undefined) return { ariaLabels };
  const { chosen, choose, labelOf } = selection;
  return {
    selectionType: 'single',
    selectedItems: chosen === undefined ? [] : [chosen],
    onSelectionChange: ({ detail }: { readonly detail: TableProps.SelectionChangeDetail<Item> }) =>
      choose(detail.selectedItems[0]),
    ariaLabels: {
      ...ariaLabels,
      selectionGroupLabel: title,
      itemSelectionLabel: (_state: unknown, item: Item) => labelOf(item),
    },
  } as const;
}
