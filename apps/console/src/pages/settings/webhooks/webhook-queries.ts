/** Questions about webhooks, and the address of one. */
import type { Landfall } from '@landfall/api/types';
import type { LandfallCall } from '../../../api/landfall-client.ts';
import type { LiveQuery } from '../../../api/live-queries.ts';
import { hrefOf } from '../../../shell/route.ts';

export const WEBHOOKS_HREF = hrefOf('/settings', { tab: 'webhooks' });

export function webhookHref(webhookID: string): string {
  return hrefOf(`/settings/webhooks/${encodeURIComponent(webhookID)}`);
}

export function webhookQuery(landfall: LandfallCall, webhookID: string): LiveQuery<Landfall.Webhook> {
  return {
    key: `webhook ${webhookID}`,
    on: ['WebhookChanged'],
    about: webhookID,
    load: async () => {
      const { items } = await landfall('DescribeWebhooks', { webhookIDs: [webhookID] });
      const [webhook] = items;
      if (webhook === undefined) throw new Error(`DescribeWebhooks did not answer ${webhookID}`);
      return webhook;
    },
  };
}
