/** A post-launch action that is added or changed: a script of the library, its values, when, and how long. */
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { randomId } from '../browser-clock.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../shell/console-context.tsx';
import { useSubmission } from '../shell/use-submission.ts';
import { Choice } from '../widgets/choice.tsx';
import { FormDialog } from '../widgets/form-dialog.tsx';
import {
  type Action,
  type ActionDraft,
  actionName,
  actionPut,
  draftOf,
  NEW_ACTION,
  nextOrder,
  OPERATING_SYSTEMS,
  parseOrder,
  parseTimeout,
} from './action-draft.ts';
import { type ActionOwner, putAction } from './action-owner.ts';
import { ParameterFields } from './parameter-fields.tsx';

const LISTED_MAX = 1000;

export interface ActionDialogProps {
  readonly owner: ActionOwner;
  /** All that the owner has. */
  readonly actions: readonly Action[];
  readonly addText: string;
  /** Absent: a new one. */
  readonly known: Action | undefined;
  readonly onEnd: () => void;
}

export function ActionDialog({ owner, actions, addText, known, onEnd }: ActionDialogProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { scripts, stored } = useLibrary();
  const [draft, setDraft] = useState(known === undefined ? NEW_ACTION : draftOf(known));
  const [actionID] = useState(() => known?.actionID ?? randomId());
  const set = (change: Partial<ActionDraft>) => setDraft({ ...draft, ...change });
  const script = scripts.find(({ name }) => name === draft.documentIdentifier);
  const defaultOrder = known?.order ?? nextOrder(actions);
  const wanted = script && actionPut(draft, actionID, { script, stored }, { defaultOrder, known });
  const put = useSubmission({
    work: async () => {
      if (wanted !== undefined) await putAction(mgn, owner, wanted);
    },
    says: () => t(known === undefined ? 'actions.added' : 'actions.changed'),
    onDone: onEnd,
  });
  const title = known === undefined ? t('actions.add') : t('actions.editOf', { name: actionName(known) });
  return (
    <FormDialog
      title={title}
      text={addText}
      submitText={known === undefined ? t('actions.add') : t('common.save')}
      submission={put}
      isDisabled={wanted === undefined}
      onCancel={onEnd}
    >
      <ScriptChoice
        scripts={scripts}
        chosen={script}
        onChoose={(documentIdentifier) => set({ documentIdentifier, parameters: {} })}
      />
      {script !== undefined && <ParameterFields {...{ script, stored, draft }} onChange={set} />}
      <FormField label={t('actions.name')}>
        <Input
          value={draft.name}
          placeholder={draft.documentIdentifier}
          onChange={({ detail }) => set({ name: detail.value })}
        />
      </FormField>
      <TimeFields {...{ draft, defaultOrder }} onChange={set} />
      {owner.kind === 'TEMPLATE' && <SystemChoice {...{ draft, known }} onChange={set} />}
      <Checkbox
        checked={draft.mustSucceedForCutover}
        onChange={({ detail }) => set({ mustSucceedForCutover: detail.checked })}
      >
        {t('actions.must')}
      </Checkbox>
      <Checkbox checked={draft.isActive} onChange={({ detail }) => set({ isActive: detail.checked })}>
        {t('actions.activeText')}
      </Checkbox>
    </FormDialog>
  );
}

function useLibrary() {
  const { landfall } = useConsole();
  const scripts = useLive({
    key: 'script documents',
    on: ['ScriptDocumentChanged'],
    load: async () => (await landfall('ListScriptDocuments', { maxResults: LISTED_MAX })).items,
  });
  const stored = useLive({
    key: 'script parameters',
    on: ['ScriptParameterChanged'],
    load: async () => (await landfall('ListScriptParameters', { maxResults: LISTED_MAX })).items,
  });
  return { scripts: scripts.value ?? [], stored: stored.value ?? [] };
}

interface PartProps {
  readonly draft: ActionDraft;
  readonly onChange: (change: Partial<ActionDraft>) => void;
}

function TimeFields({
  draft,
  defaultOrder,
  onChange,
}: PartProps & { readonly defaultOrder: number }): ReactNode {
  const { t } = useI18n();
  const isOrder = draft.order === '' || parseOrder(draft.order) !== undefined;
  const isTimeout = parseTimeout(draft.timeoutSeconds) !== undefined;
  return (
    <>
      <FormField
        label={t('actions.order')}
        constraintText={t('actions.orderNote')}
        errorText={isOrder ? undefined : t('actions.orderWrong')}
      >
        <Input
          type="number"
          value={draft.order}
          placeholder={String(defaultOrder)}
          onChange={({ detail }) => onChange({ order: detail.value })}
        />
      </FormField>
      <FormField
        label={t('actions.timeoutSeconds')}
        errorText={isTimeout ? undefined : t('actions.timeoutWrong')}
      >
        <Input
          type="number"
          value={draft.timeoutSeconds}
          onChange={({ detail }) => onChange({ timeoutSeconds: detail.value })}
        />
      </FormField>
    </>
  );
}

/** One that was named cannot be taken away by the service, only be another one. */
function SystemChoice({
  draft,
  known,
  onChange,
}: PartProps & { readonly known: Action | undefined }): ReactNode {
  const { t } = useI18n();
  const isNamed = known?.operatingSystem !== undefined;
  return (
    <Choice
      label={t('actions.system')}
      description={t('actions.systemText')}
      values={OPERATING_SYSTEMS.filter((system) => system !== '' || !isNamed)}
      chosen={draft.operatingSystem}
      textOf={(system) => t(system === '' ? 'common.all' : `actions.system.${system}`)}
      onChoose={(operatingSystem) => onChange({ operatingSystem })}
    />
  );
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
    <FormField label={t('actions.document')}>
      <Select
        filteringType="auto"
        options={options}
        selectedOption={options.find(({ value }) => value === chosen?.name) ?? null}
        onChange={({ detail }) => onChoose(detail.selectedOption.value ?? '')}
      />
    </FormField>
  );
}
