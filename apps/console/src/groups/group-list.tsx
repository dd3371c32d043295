/** The list of applications and that of waves: the same page with other columns. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import Toggle from '@cloudscape-design/components/toggle';
import { type ReactNode, useState } from 'react';
import type { Answer } from '../api/live-queries.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole, useTitle } from '../shell/console-context.tsx';
import { useNavigation } from '../shell/navigation.tsx';
import { hrefOf } from '../shell/route.ts';
import { useSurroundings } from '../shell/shell.tsx';
import { AnswerNotes } from '../widgets/answer-notes.tsx';
import { EmptyList } from '../widgets/empty-list.tsx';
import type { TokenPages } from '../widgets/token-pages.ts';
import { TokenPagination } from '../widgets/token-pagination.tsx';
import { GroupFormDialog } from './group-form-dialog.tsx';
import { GROUPS, type GroupKind } from './group-kinds.ts';

export const GROUPS_ON_A_PAGE = 25;

export interface GroupListProps<Item> {
  readonly kind: GroupKind;
  readonly queryKey: string;
  readonly answer: Answer<{
    readonly items?: readonly Item[] | undefined;
    readonly nextToken?: string | undefined;
  }>;
  readonly pages: TokenPages;
  readonly columns: readonly TableProps.ColumnDefinition<Item>[];
  readonly idOf: (item: Item) => string;
}

/** Whether archived ones are asked for; in the address. */
export function useArchivedFilter(): boolean {
  return useNavigation().location.query.archived === 'yes';
}

export function GroupList<Item>(props: GroupListProps<Item>): ReactNode {
  const { kind, queryKey, answer, pages, columns, idOf } = props;
  const { t } = useI18n();
  const { queries } = useConsole();
  const [isCreating, setIsCreating] = useState(false);
  const title = t(`group.${kind}.plural`);
  useTitle(title);
  useSurroundings([{ text: title, href: GROUPS[kind].listHref }]);
  const create = (
    <Button variant="primary" onClick={() => setIsCreating(true)}>
      {t(`group.${kind}.create`)}
    </Button>
  );
  return (
    <SpaceBetween size="m">
      <AnswerNotes answer={answer} onRetry={() => queries.refresh(queryKey)} />
      <Table<Item>
        variant="full-page"
        stickyHeader
        items={[...(answer.value?.items ?? [])]}
        trackBy={idOf}
        loading={answer.value === undefined && answer.isLoading}
        loadingText={t('common.loading')}
        columnDefinitions={columns}
        ariaLabels={{ tableLabel: title }}
        empty={<NoGroups kind={kind} />}
        filter={<ArchivedToggle kind={kind} pages={pages} />}
        header={
          <Header
            variant="awsui-h1-sticky"
            description={t(`group.${kind}.what`)}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  iconName="refresh"
                  ariaLabel={t('common.refresh')}
                  onClick={() => queries.refresh(queryKey)}
                />
                {create}
              </SpaceBetween>
            }
          >
            {title}
          </Header>
        }
        pagination={<TokenPagination pages={pages} nextToken={answer.value?.nextToken} />}
      />
      {isCreating && <GroupFormDialog kind={kind} onEnd={() => setIsCreating(false)} />}
    </SpaceBetween>
  );
}

function ArchivedToggle(props: { readonly kind: GroupKind; readonly pages: TokenPages }): ReactNode {
  const { kind, pages } = props;
  const { t } = useI18n();
  const { go } = useNavigation();
  const isArchived = useArchivedFilter();
  return (
    <Toggle
      checked={isArchived}
      onChange={({ detail }) => {
        pages.first();
        go(hrefOf(`/${kind}s`, { archived: detail.checked ? 'yes' : undefined }), 'REPLACE');
      }}
    >
      {t('group.archivedOnly')}
    </Toggle>
  );
}

function NoGroups({ kind }: { readonly kind: GroupKind }): ReactNode {
  const { t } = useI18n();
  if (useArchivedFilter()) return <Box textAlign="center">{t('group.noneArchived')}</Box>;
  return <EmptyList title={t(`group.${kind}.empty.title`)} text={t(`group.${kind}.empty.text`)} />;
}
