import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useNavigation } from '../../../shell/navigation.tsx';
import { EmptyList } from '../../../widgets/empty-list.tsx';
import { PagedTable } from '../../../widgets/paged-table.tsx';
import { WebhookDialog } from './webhook-dialog.tsx';
import { webhookHref } from './webhook-queries.ts';
import { WebhookSecret } from './webhook-secret.tsx';
import { WebhookState } from './webhook-state.tsx';

export function WebhookList(): ReactNode {
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const { follow } = useNavigation();
  const [isMaking, setIsMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  return (
    <>
      <PagedTable<Landfall.Webhook>
        title={t('webhooks.title')}
        description={t('webhooks.text')}
        listing="webhooks"
        load={() => landfall('DescribeWebhooks', {})}
        trackBy="webhookID"
        empty={<EmptyList title={t('webhooks.empty')} text={t('webhooks.emptyText')} />}
        actions={
          <Button variant="primary" onClick={() => setIsMaking(true)}>
            {t('webhooks.create')}
          </Button>
        }
        columns={[
          {
            id: 'url',
            header: t('webhooks.url'),
            isRowHeader: true,
            cell: ({ webhookID, url }) => (
              <Link href={webhookHref(webhookID)} onFollow={follow}>
                {url}
              </Link>
            ),
          },
          {
            id: 'description',
            header: t('webhooks.description'),
            cell: ({ description }) => description ?? t('common.none'),
          },
          {
            id: 'state',
            header: t('common.state'),
            cell: ({ enabled }) => <WebhookState isEnabled={enabled} />,
          },
          {
            id: 'events',
            header: t('webhooks.events'),
            cell: ({ eventTypes }) =>
              eventTypes === undefined
                ? t('webhooks.allEvents')
                : eventTypes.map((type) => t(`eventType.${type}`)).join(', '),
          },
          { id: 'queued', header: t('webhooks.queued'), cell: ({ queued }) => formats.number(queued) },
          { id: 'dropped', header: t('webhooks.dropped'), cell: ({ dropped }) => formats.number(dropped) },
        ]}
      />
      {isMaking && (
        <WebhookDialog
          webhook={undefined}
          onDone={(made) => {
            setIsMaking(false);
            setSecret(made);
          }}
          onCancel={() => setIsMaking(false)}
        />
      )}
      {secret !== undefined && <WebhookSecret secret={secret} onEnd={() => setSecret(undefined)} />}
    </>
  );
}
