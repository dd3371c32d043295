import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';

export function WebhookState({ isEnabled }: { readonly isEnabled: boolean }): ReactNode {
  const { t } = useI18n();
  return (
    <StatusIndicator type={isEnabled ? 'success' : 'stopped'}>
      {t(isEnabled ? 'webhooks.enabled' : 'webhooks.disabled')}
    </StatusIndicator>
  );
}

const DELIVERY = {
  PENDING: 'pending',
  DELIVERED: 'success',
  FAILED: 'error',
  WITHHELD: 'stopped',
} as const satisfies Record<Landfall.WebhookDeliveryState, string>;

export function DeliveryState({ state }: { readonly state: Landfall.WebhookDeliveryState }): ReactNode {
  const { t } = useI18n();
  return <StatusIndicator type={DELIVERY[state]}>{t(`webhooks.delivery.${state}`)}</StatusIndicator>;
}
