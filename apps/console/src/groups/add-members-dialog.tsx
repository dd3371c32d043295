/** Chooses what joins: servers an application, applications a wave. */
import FormField from '@cloudscape-design/components/form-field';
import Multiselect from '@cloudscape-design/components/multiselect';
import { type ReactNode, useState } from 'react';
import type { Answer } from '../api/live-queries.ts';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useChange } from '../shell/use-change.ts';
import { ConfirmDialog } from '../widgets/confirm-dialog.tsx';
import { LiveState } from '../widgets/live-state.tsx';

export interface Candidate {
  readonly id: string;
  readonly name: string;
}

export interface AddMembersDialogProps {
  readonly title: string;
  readonly text: string;
  /** Of the field that lists them. */
  readonly label: string;
  /** When there is nobody who could join. */
  readonly none: string;
  readonly candidates: Answer<readonly Candidate[]>;
  readonly add: (ids: readonly string[]) => Promise<unknown>;
  readonly onEnd: () => void;
}

export function AddMembersDialog(props: AddMembersDialogProps): ReactNode {
  const { title, text, label, none, candidates, add, onEnd } = props;
  const { t } = useI18n();
  const [ids, setIds] = useState<readonly string[]>([]);
  const change = useChange({
    work: () => add(ids),
    says: () => t('group.added', { count: ids.length }),
    title,
    onEnd,
  });
  return (
    <ConfirmDialog
      title={title}
      consequence={text}
      confirmText={title}
      isFinal={false}
      isBusy={change.isBusy}
      isDisabled={ids.length === 0}
      onConfirm={change.run}
      onCancel={onEnd}
    >
      <LiveState answer={candidates}>
        {(all) => {
          const options = all.map(({ id, name }) => ({ value: id, label: name, description: id }));
          return (
            <FormField label={label}>
              <Multiselect
                options={options}
                selectedOptions={options.filter(({ value }) => ids.includes(value))}
                onChange={({ detail }) => setIds(detail.selectedOptions.map(({ value = '' }) => value))}
                filteringType="auto"
                filteringAriaLabel={label}
                virtualScroll
                empty={none}
                tokenLimit={10}
                expandToViewport
              />
            </FormField>
          );
        }}
      </LiveState>
    </ConfirmDialog>
  );
}
