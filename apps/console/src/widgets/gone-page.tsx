/** What an address leads to when what it names was deleted. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useNavigation } from '../shell/navigation.tsx';

export function GonePage({
  name,
  listHref,
}: {
  readonly name: string;
  readonly listHref: string;
}): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  return (
    <ContentLayout header={<Header variant="h1">{t('gone.title')}</Header>}>
      <SpaceBetween size="m">
        <Box>{t('gone.text', { name })}</Box>
        <Button href={listHref} onFollow={follow}>
          {t('gone.toList')}
        </Button>
      </SpaceBetween>
    </ContentLayout>
  );
}
