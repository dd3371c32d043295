/** Settings of the service and of what its servers keep. */
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useTitle } from '../../shell/console-context.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { PageTabs } from '../../widgets/page-tabs.tsx';
import { BandwidthTab } from './bandwidth/bandwidth-tab.tsx';
import { EncryptionTab } from './encryption-tab.tsx';
import { RetentionTab } from './retention/retention-tab.tsx';
import { StagingTab } from './staging-tab.tsx';
import { WebhookList } from './webhooks/webhook-list.tsx';

export const SETTINGS_PATH = '/settings';

export function SettingsPage(): ReactNode {
  const { t } = useI18n();
  useTitle(t('settings.title'));
  useSurroundings([{ text: t('settings.title'), href: hrefOf(SETTINGS_PATH) }]);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('settings.description')}>
          {t('settings.title')}
        </Header>
      }
    >
      <PageTabs
        label={t('settings.title')}
        path={SETTINGS_PATH}
        tabs={[
          { id: 'staging', label: t('settings.staging'), content: <StagingTab /> },
          { id: 'retention', label: t('settings.retention'), content: <RetentionTab /> },
          { id: 'bandwidth', label: t('settings.bandwidth'), content: <BandwidthTab /> },
          { id: 'encryption', label: t('settings.encryption'), content: <EncryptionTab /> },
          { id: 'webhooks', label: t('webhooks.title'), content: <WebhookList /> },
        ]}
      />
    </ContentLayout>
  );
}
