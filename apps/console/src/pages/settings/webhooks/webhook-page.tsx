/** One webhook: what it is sent, whether it arrives, and everything that was sent. */
import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { isGone } from '../../../api/failure.ts';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole, useLive, useTitle } from '../../../shell/console-context.tsx';
import { useParameter } from '../../../shell/pages.tsx';
import { useSurroundings } from '../../../shell/shell.tsx';
import { GonePage } from '../../../widgets/gone-page.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import { DeliveryLog } from './delivery-log.tsx';
import { WebhookActions } from './webhook-actions.tsx';
import { WEBHOOKS_HREF, webhookHref, webhookQuery } from './webhook-queries.ts';
import { WebhookState } from './webhook-state.tsx';

export function WebhookPage(): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  const webhookID = useParameter('webhookId');
  const query = webhookQuery(landfall, webhookID);
  const answer = useLive(query);
  useTitle(t('webhooks.one'));
  useSurroundings([
    { text: t('settings.title'), href: WEBHOOKS_HREF },
    { text: answer.value?.url ?? webhookID, href: webhookHref(webhookID) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure))
    return <GonePage name={webhookID} listHref={WEBHOOKS_HREF} />;
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(webhook) => <KnownWebhook webhook={webhook} />}
    </LiveState>
  );
}

function KnownWebhook({ webhook }: { readonly webhook: Landfall.Webhook }): ReactNode {
  const { t } = useI18n();
  const { webhookID, url, description, dropped } = webhook;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={description ?? webhookID}
          actions={<WebhookActions webhook={webhook} />}
        >
          {url}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {dropped > 0 && <Alert type="warning">{t('webhooks.droppedText', { count: dropped })}</Alert>}
        <WebhookFacts webhook={webhook} />
        <DeliveryLog webhookID={webhookID} />
      </SpaceBetween>
    </ContentLayout>
  );
}

function WebhookFacts({ webhook }: { readonly webhook: Landfall.Webhook }): ReactNode {
  const { t, formats } = useI18n();
  const { enabled, eventTypes, owner, queued, modifiedDateTime } = webhook;
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: t('common.state'), value: <WebhookState isEnabled={enabled} /> },
          { label: t('webhooks.queued'), value: formats.number(queued) },
          { label: t('webhooks.modified'), value: formats.dateTime(modifiedDateTime) },
          { label: t('webhooks.owner'), value: owner },
          {
            label: t('webhooks.events'),
            value:
              eventTypes === undefined
                ? t('webhooks.allEvents')
                : eventTypes.map((type) => t(`eventType.${type}`)).join(', '),
          },
        ]}
      />
    </Container>
  );
}
