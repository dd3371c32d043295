/** A new post-launch action of a template: a script of the library, when it runs, and how long it may. */
import Alert from '@cloudscape-design/components/alert';
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { randomId } from '../../browser-clock.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useSubmission } from '../../shell/use-submission.ts';
import { FormDialog } from '../../widgets/form-dialog.tsx';
import { type ActionDraft, nextOrder, ORDER_MIN, parseOrder, parseTimeout } from './template-values.ts';

const SCRIPTS_MAX = 1000;
const ACTIONS_MAX = 100;
const NEW_ACTION: ActionDraft = {
  name: '',
  documentIdentifier: '',
  order: '',
  timeoutSeconds: '600',
  mustSucceedForCutover: false,
};

export interface NewActionDialogProps {
  readonly templateId: string;
  readonly onEnd: () => void;
}

export function NewActionDialog({ templateId, onEnd }: NewActionDialogProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { scripts, lastOrder } = useKnown(templateId);
  const [draft, setDraft] = useState(NEW_ACTION);
  const [actionID] = useState(randomId);
  const set = (change: Partial<ActionDraft>) => setDraft({ ...draft, ...change });
  const script = scripts.find(({ name }) => name === draft.documentIdentifier);
  const needed = (script?.parameters ?? []).filter(({ defaultValue }) => defaultValue === undefined);
  const order = parseOrder(draft.order === '' ? String(lastOrder) : draft.order);
  const timeoutSeconds = parseTimeout(draft.timeoutSeconds);
  const actionName = draft.name.trim() === '' ? draft.documentIdentifier : draft.name.trim();
  const isRight = script !== undefined && needed.length === 0 && order !== undefined;
  const add = useSubmission({
    work: () =>
      mgn('PutTemplateAction', {
        launchConfigurationTemplateID: templateId,
        actionID,
        actionName,
        active: true,
        documentIdentifier: draft.documentIdentifier,
        mustSucceedForCutover: draft.mustSucceedForCutover,
        order: order ?? ORDER_MIN,
        timeoutSeconds,
      }),
    says: () => t('templates.actions.added'),
    onDone: onEnd,
  });
  return (
    <FormDialog
      title={t('templates.actions.add')}
      text={t('templates.actions.addText')}
      submitText={t('templates.actions.add')}
      submission={add}
      isDisabled={!isRight || timeoutSeconds === undefined}
      onCancel={onEnd}
    >
      <ScriptChoice
        scripts={scripts}
        chosen={script}
        onChoose={(name) => set({ documentIdentifier: name })}
      />
      {needed.length > 0 && (
        <Alert type="info">
          {t('templates.actions.needsParameters', { names: needed.map(({ name }) => name).join(', ') })}
        </Alert>
      )}
      <FormField label={t('templates.actions.name')}>
        <Input
          value={draft.name}
          placeholder={draft.documentIdentifier}
          onChange={({ detail }) => set({ name: detail.value })}
        />
      </FormField>
      <FormField
        label={t('templates.actions.order')}
        constraintText={t('templates.actions.orderNote')}
        errorText={order === undefined ? t('templates.actions.orderWrong') : undefined}
      >
        <Input
          type="number"
          value={draft.order}
          placeholder={String(lastOrder)}
          onChange={({ detail }) => set({ order: detail.value })}
        />
      </FormField>
      <FormField
        label={t('templates.actions.timeoutSeconds')}
        errorText={timeoutSeconds === undefined ? t('templates.actions.timeoutWrong') : undefined}
      >
        <Input
          type="number"
          value={draft.timeoutSeconds}
          onChange={({ detail }) => set({ timeoutSeconds: detail.value })}
        />
      </FormField>
      <Checkbox
        checked={draft.mustSucceedForCutover}
        onChange={({ detail }) => set({ mustSucceedForCutover: detail.checked })}
      >
        {t('templates.actions.must')}
      </Checkbox>
    </FormDialog>
  );
}

function useKnown(templateId: string) {
  const { mgn, landfall } = useConsole();
  const scripts = useLive({
    key: 'script documents',
    on: ['ScriptDocumentChanged'],
    load: async () => (await landfall('ListScriptDocuments', { maxResults: SCRIPTS_MAX })).items,
  });
  const last = useLive({
    key: `order of actions of ${templateId}`,
    on: ['TemplateChanged'],
    about: templateId,
    load: async () => {
      const request = { launchConfigurationTemplateID: templateId, maxResults: ACTIONS_MAX };
      return nextOrder((await mgn('ListTemplateActions', request)).items ?? []);
    },
  });
  return { scripts: scripts.value ?? [], lastOrder: last.value ?? ORDER_MIN };
}

function ScriptChoice(props: {
  readonly scripts: readonly Landfall.ScriptDocumentItem[];
  readonly chosen: Landfall.ScriptDocumentItem | undefined;
  readonly onChoose: (name: string) => void;
}): ReactNode {
  const { scripts, chosen, onChoose } = props;
  const { t } = useI18n();
  const options = scripts.map(({ name, description }) => ({
    value: name,
    label: name,
    ...(description === undefined ? {} : { description }),
  }));
  return (
    <FormField label={t('templates.actions.document')}>
      <Select
        filteringType="auto"
        options={options}
        selectedOption={options.find(({ value }) => value === chosen?.name) ?? null}
        onChange={({ detail }) => onChoose(detail.selectedOption.value ?? '')}
      />
    </FormField>
  );
}
