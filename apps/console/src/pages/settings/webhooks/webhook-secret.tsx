import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { SecretDialog } from '../../../widgets/secret-dialog.tsx';

export interface WebhookSecretProps {
  readonly secret: string;
  readonly onEnd: () => void;
}

export function WebhookSecret({ secret, onEnd }: WebhookSecretProps): ReactNode {
  const { t } = useI18n();
  return (
    <SecretDialog
      title={t('webhooks.secret.title')}
      warning={t('webhooks.secret.warning')}
      fields={[{ label: t('webhooks.secret'), text: secret }]}
      onEnd={onEnd}
    />
  );
}
