import Box from '@cloudscape-design/components/box';
import Spinner from '@cloudscape-design/components/spinner';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

export function Waiting(): ReactNode {
  const { t } = useI18n();
  return (
    <Box textAlign="center" padding="l">
      <Spinner size="large" /> <span>{t('common.loading')}</span>
    </Box>
  );
}
