/** What was sent to a webhook, newest first. Deliveries make no events, so the reader refreshes it. */
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { Choice } from '../../../widgets/choice.tsx';
import { EmptyList } from '../../../widgets/empty-list.tsx';
import { InEnglish } from '../../../widgets/in-english.tsx';
import { PagedTable } from '../../../widgets/paged-table.tsx';
import { DeliveryState } from './webhook-state.tsx';

const FILTERS = ['ALL', 'PENDING', 'DELIVERED', 'FAILED', 'WITHHELD'] as const;
type Filter = (typeof FILTERS)[number];

export function DeliveryLog({ webhookID }: { readonly webhookID: string }): ReactNode {
  const { t } = useI18n();
  const [filter, setFilter] = useState<Filter>('ALL');
  return (
    <SpaceBetween size="m">
      <Choice
        label={t('webhooks.deliveries.filter')}
        values={FILTERS}
        chosen={filter}
        textOf={(value) => (value === 'ALL' ? t('common.all') : t(`webhooks.delivery.${value}`))}
        onChoose={setFilter}
      />
      <Deliveries key={filter} webhookID={webhookID} filter={filter} />
    </SpaceBetween>
  );
}

function Deliveries(props: { readonly webhookID: string; readonly filter: Filter }): ReactNode {
  const { webhookID, filter } = props;
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const state = filter === 'ALL' ? {} : { state: filter };
  return (
    <PagedTable<Landfall.WebhookDelivery>
      title={t('webhooks.deliveries')}
      description={t('webhooks.deliveries.text')}
      listing={`deliveries of ${webhookID} ${filter}`}
      load={(page) => landfall('ListWebhookDeliveries', { webhookID, ...state, ...page })}
      trackBy="deliveryID"
      empty={<EmptyList title={t('webhooks.deliveries.empty')} text={t('webhooks.deliveries.emptyText')} />}
      columns={[
        {
          id: 'created',
          header: t('webhooks.delivery.created'),
          minWidth: 150,
          cell: ({ createdDateTime }) => formats.instant(createdDateTime),
        },
        {
          id: 'state',
          header: t('common.state'),
          minWidth: 130,
          cell: (delivery) => <DeliveryState state={delivery.state} />,
        },
        {
          id: 'event',
          header: t('webhooks.delivery.event'),
          isRowHeader: true,
          cell: ({ eventType, resourceID }) => `${eventType} ${resourceID}`,
        },
        {
          id: 'attempts',
          header: t('webhooks.delivery.attempts'),
          cell: ({ attempts }) => formats.number(attempts),
        },
        {
          id: 'answer',
          header: t('webhooks.delivery.answer'),
          cell: ({ statusCode, error }) =>
            statusCode === undefined && error === undefined ? (
              t('common.none')
            ) : (
              <InEnglish>{[statusCode, error].filter((part) => part !== undefined).join(': ')}</InEnglish>
            ),
        },
        {
          id: 'next',
          header: t('webhooks.delivery.next'),
          cell: ({ nextAttemptDateTime }) => formats.instant(nextAttemptDateTime),
        },
        { id: 'id', header: t('webhooks.delivery.id'), cell: ({ deliveryID }) => deliveryID },
      ]}
    />
  );
}
