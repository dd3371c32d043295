/** What can be done with a webhook, and the question before what cannot be taken back. */
import Button from '@cloudscape-design/components/button';
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { apiFailure } from '../../../api/failure.ts';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useNavigation } from '../../../shell/navigation.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { ConfirmDialog } from '../../../widgets/confirm-dialog.tsx';
import { WebhookDialog } from './webhook-dialog.tsx';
import { WEBHOOKS_HREF } from './webhook-queries.ts';
import { WebhookSecret } from './webhook-secret.tsx';

interface WebhookProps {
  readonly webhook: Landfall.Webhook;
}

const QUESTIONS = ['edit', 'switch', 'rotate', 'delete'] as const;
type Question = (typeof QUESTIONS)[number];

export function WebhookActions({ webhook }: WebhookProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const [asked, setAsked] = useState<Question>();
  const [secret, setSecret] = useState<string>();
  const end = () => setAsked(undefined);
  const test = useChange({
    work: async () => arrived((await landfall('TestWebhook', { webhookID: webhook.webhookID })).delivery),
    says: ({ statusCode }) => t('webhooks.test.arrived', { status: String(statusCode) }),
    title: t('webhooks.test'),
  });
  const textOf = (question: Question) =>
    t(question === 'switch' ? switchKey(webhook.enabled) : `webhooks.${question}`);
  return (
    <>
      <SpaceBetween direction="horizontal" size="xs">
        <ButtonDropdown
          items={QUESTIONS.map((id) => ({ id, text: textOf(id) }))}
          onItemClick={({ detail }) => setAsked(QUESTIONS.find((one) => one === detail.id))}
        >
          {t('common.actions')}
        </ButtonDropdown>
        <Button variant="primary" loading={test.isBusy} onClick={test.run}>
          {t('webhooks.test')}
        </Button>
      </SpaceBetween>
      {asked === 'edit' && <WebhookDialog webhook={webhook} onDone={end} onCancel={end} />}
      {asked === 'switch' && <SwitchDialog webhook={webhook} onEnd={end} />}
      {asked === 'rotate' && <RotateDialog webhook={webhook} onMade={setSecret} onEnd={end} />}
      {asked === 'delete' && <DeleteDialog webhook={webhook} onEnd={end} />}
      {secret !== undefined && <WebhookSecret secret={secret} onEnd={() => setSecret(undefined)} />}
    </>
  );
}

function switchKey(isEnabled: boolean) {
  return isEnabled ? 'webhooks.disable' : 'webhooks.enable';
}

/** A test that did not arrive is a failure, though the service did what it was asked for. */
function arrived(delivery: Landfall.WebhookDelivery): Landfall.WebhookDelivery {
  const { state, statusCode = 0, error = '' } = delivery;
  if (state === 'DELIVERED') return delivery;
  throw apiFailure({ name: 'WebhookTestFailed', status: statusCode, message: error });
}

type DialogProps = WebhookProps & { readonly onEnd: () => void };

function SwitchDialog({ webhook, onEnd }: DialogProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { webhookID, enabled, url } = webhook;
  const key = switchKey(enabled);
  const change = useChange({
    work: () => landfall('UpdateWebhook', { webhookID, enabled: !enabled }),
    says: () => t(`${key}.done`, { url }),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t(key)}
      consequence={t(`${key}.text`)}
      confirmText={t(key)}
      isFinal={false}
      isBusy={change.isBusy}
      onConfirm={change.run}
      onCancel={onEnd}
    />
  );
}

function RotateDialog(props: DialogProps & { readonly onMade: (secret: string) => void }): ReactNode {
  const { webhook, onMade, onEnd } = props;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { webhookID } = webhook;
  const rotate = useChange({
    work: async () => {
      const { secret } = await landfall('UpdateWebhook', { webhookID, rotateSecret: true });
      if (secret !== undefined) onMade(secret);
    },
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('webhooks.rotate')}
      consequence={t('webhooks.rotate.text')}
      confirmText={t('webhooks.rotate')}
      isFinal
      isBusy={rotate.isBusy}
      onConfirm={rotate.run}
      onCancel={onEnd}
    />
  );
}

function DeleteDialog({ webhook, onEnd }: DialogProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const { go } = useNavigation();
  const { webhookID, url } = webhook;
  const remove = useChange({
    work: async () => {
      await landfall('DeleteWebhook', { webhookID });
      go(WEBHOOKS_HREF);
    },
    says: () => t('webhooks.deleted', { url }),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('webhooks.delete')}
      consequence={t('webhooks.delete.text')}
      confirmText={t('webhooks.delete')}
      isFinal
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    />
  );
}
