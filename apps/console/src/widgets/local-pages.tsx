/** Pages of a list that is here as a whole, because the API has no pages of it. */
import Pagination from '@cloudscape-design/components/pagination';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

export interface LocalPages<Item> {
  readonly shown: Item[];
  /** Absent where one page holds all. */
  readonly pagination: ReactNode;
}

export function useLocalPages<Item>(items: readonly Item[], pageSize: number): LocalPages<Item> {
  const { t } = useI18n();
  const [wanted, setWanted] = useState(1);
  const count = Math.max(1, Math.ceil(items.length / pageSize));
  // The list may have become shorter.
  const current = Math.min(wanted, count);
  const pagination =
    count === 1 ? undefined : (
      <Pagination
        currentPageIndex={current}
        pagesCount={count}
        ariaLabels={{
          nextPageLabel: t('servers.page.next'),
          previousPageLabel: t('servers.page.previous'),
          pageLabel: (page) => String(page),
        }}
        onChange={({ detail }) => setWanted(detail.currentPageIndex)}
      />
    );
  return { shown: items.slice((current - 1) * pageSize, current * pageSize), pagination };
}
