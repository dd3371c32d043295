/** The pages of a listing that is read by tokens, as arrows and numbers. */
import Pagination from '@cloudscape-design/components/pagination';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import type { TokenPages } from './token-pages.ts';

export interface TokenPaginationProps {
  readonly pages: TokenPages;
  /** Of the page shown; absent: it is the last. */
  readonly nextToken: string | undefined;
}

export function TokenPagination({ pages, nextToken }: TokenPaginationProps): ReactNode {
  const { t } = useI18n();
  return (
    <Pagination
      currentPageIndex={pages.number}
      pagesCount={pages.number + (nextToken === undefined ? 0 : 1)}
      openEnd={nextToken !== undefined}
      ariaLabels={{
        nextPageLabel: t('servers.page.next'),
        previousPageLabel: t('servers.page.previous'),
        pageLabel: (page) => String(page),
      }}
      onChange={({ detail }) => pages.goTo(detail.currentPageIndex, nextToken)}
    />
  );
}
