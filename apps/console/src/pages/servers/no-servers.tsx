import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';

export function NoServers({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  if (isFiltered) return <Box textAlign="center">{t('servers.empty.filtered')}</Box>;
  return (
    <Box textAlign="center" padding="l">
      <SpaceBetween size="s">
        <Box variant="h2">{t('servers.empty.title')}</Box>
        <Box color="text-body-secondary">{t('servers.empty.text')}</Box>
        <Button href={hrefOf('/servers/add')} onFollow={follow}>
          {t('shell.addServer')}
        </Button>
      </SpaceBetween>
    </Box>
  );
}
