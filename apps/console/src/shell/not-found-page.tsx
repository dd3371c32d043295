import Box from '@cloudscape-design/components/box';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useTitle } from './console-context.tsx';

export function NotFoundPage(): ReactNode {
  const { t } = useI18n();
  useTitle(t('shell.notFound'));
  return (
    <ContentLayout header={<Header variant="h1">{t('shell.notFound')}</Header>}>
      <Box>{t('shell.notFoundText')}</Box>
    </ContentLayout>
  );
}
