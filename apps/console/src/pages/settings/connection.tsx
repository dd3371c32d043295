/** Whether a program is heard of. */
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';

export function Connection({ isConnected }: { readonly isConnected: boolean }): ReactNode {
  const { t } = useI18n();
  return (
    <StatusIndicator type={isConnected ? 'success' : 'error'}>
      {t(isConnected ? 'settings.connected' : 'settings.notConnected')}
    </StatusIndicator>
  );
}
