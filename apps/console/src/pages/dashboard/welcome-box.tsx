import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';

export function WelcomeBox(): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  return (
    <Container header={<Header variant="h2">{t('dashboard.start.title')}</Header>}>
      <SpaceBetween size="m">
        <Box>{t('dashboard.start.text')}</Box>
        <Button variant="primary" href={hrefOf('/servers/add')} onFollow={follow}>
          {t('shell.addServer')}
        </Button>
      </SpaceBetween>
    </Container>
  );
}
