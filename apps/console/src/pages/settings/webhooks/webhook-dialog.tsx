/** A new webhook, or one that is changed. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import type { EventType, Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useSubmission } from '../../../shell/use-submission.ts';
import { FormDialog } from '../../../widgets/form-dialog.tsx';
import {
  createRequest,
  draftOfWebhook,
  EVENT_TYPES,
  updateRequest,
  type WebhookDraft,
  type WebhookFault,
  webhookFaults,
} from './webhook-draft.ts';

export interface WebhookDialogProps {
  /** Absent: a new one. */
  readonly webhook: Landfall.Webhook | undefined;
  /** With the secret of a new one. */
  readonly onDone: (secret: string | undefined) => void;
  readonly onCancel: () => void;
}

export function WebhookDialog({ webhook, onDone, onCancel }: WebhookDialogProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const [draft, setDraft] = useState<WebhookDraft>(() => draftOfWebhook(webhook));
  const faults = webhookFaults(draft);
  const faultText = (fault: WebhookFault) =>
    faults.includes(fault) ? t(`webhooks.fault.${fault}`) : undefined;
  const save = useSubmission<Landfall.UpdateWebhookResponse>({
    work: () => {
      if (webhook === undefined) return landfall('CreateWebhook', createRequest(draft));
      const { webhookID } = webhook;
      return landfall('UpdateWebhook', { webhookID, ...updateRequest(webhook, draft) });
    },
    says: () => t(webhook === undefined ? 'webhooks.created' : 'webhooks.saved'),
    onDone: ({ secret }) => onDone(secret),
  });
  const isUnchanged = webhook !== undefined && Object.keys(updateRequest(webhook, draft)).length === 0;
  const title = t(webhook === undefined ? 'webhooks.create' : 'webhooks.edit');
  return (
    <FormDialog
      title={title}
      text={t(webhook === undefined ? 'webhooks.createText' : 'webhooks.editText')}
      submitText={webhook === undefined ? title : t('common.save')}
      submission={save}
      isDisabled={faults.length > 0 || isUnchanged}
      onCancel={onCancel}
    >
      <FormField
        label={t('webhooks.url')}
        constraintText={t('webhooks.urlNote')}
        errorText={draft.url === '' ? undefined : faultText('url')}
      >
        <Input
          type="url"
          value={draft.url}
          placeholder="https://example.org/landfall"
          onChange={({ detail }) => setDraft({ ...draft, url: detail.value })}
        />
      </FormField>
      <EventChoice chosen={draft.eventTypes} onChoose={(eventTypes) => setDraft({ ...draft, eventTypes })} />
      <FormField label={t('webhooks.description')} errorText={faultText('description')}>
        <Input
          value={draft.description}
          onChange={({ detail }) => setDraft({ ...draft, description: detail.value })}
        />
      </FormField>
    </FormDialog>
  );
}

function EventChoice(props: {
  readonly chosen: readonly EventType[];
  readonly onChoose: (eventTypes: readonly EventType[]) => void;
}): ReactNode {
  const { chosen, onChoose } = props;
  const { t } = useI18n();
  const options = EVENT_TYPES.map((value) => ({ value, label: t(`eventType.${value}`) }));
  return (
    <FormField label={t('webhooks.events')} description={t('webhooks.eventsNote')}>
      <Multiselect
        options={options}
        placeholder={t('webhooks.allEvents')}
        selectedOptions={options.filter(({ value }) => chosen.includes(value))}
        onChange={({ detail }) => {
          const values = detail.selectedOptions.map(({ value }) => value);
          onChoose(EVENT_TYPES.filter((type) => values.includes(type)));
        }}
      />
    </FormField>
  );
}
