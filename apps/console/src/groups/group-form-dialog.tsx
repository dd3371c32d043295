/** Asks for name and description: of a new application or wave, or of one that is there. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole } from '../shell/console-context.tsx';
import { useNavigation } from '../shell/navigation.tsx';
import { useChange } from '../shell/use-change.ts';
import { ConfirmDialog } from '../widgets/confirm-dialog.tsx';
import { GROUPS, type Group, type GroupKind } from './group-kinds.ts';

export interface GroupFormDialogProps {
  readonly kind: GroupKind;
  /** Absent: a new one. */
  readonly group?: Group;
  readonly onEnd: () => void;
}

/** Public MGN API. */
const NAME_CHARACTERS_MAX = 256;
const DESCRIPTION_CHARACTERS_MAX = 600;

export function GroupFormDialog({ kind, group, onEnd }: GroupFormDialogProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { go } = useNavigation();
  const [name, setName] = useState(group?.name ?? '');
  const [description, setDescription] = useState(group?.description ?? '');
  const title = t(group === undefined ? `group.${kind}.create` : `group.${kind}.rename`);
  const isTooLong = name.length > NAME_CHARACTERS_MAX || description.length > DESCRIPTION_CHARACTERS_MAX;
  const save = useChange({
    work: async () => {
      const calls = GROUPS[kind];
      const fields = { name, description };
      if (group === undefined) go(calls.hrefOf(await calls.create(mgn, fields)));
      else await calls.update(mgn, group.id, fields);
    },
    says: () => t('group.saved', { name: name.trim() }),
    title,
    onEnd,
  });
  return (
    <ConfirmDialog
      title={title}
      consequence={t(`group.${kind}.text`)}
      confirmText={title}
      isFinal={false}
      isBusy={save.isBusy}
      isDisabled={name.trim() === '' || isTooLong}
      onConfirm={save.run}
      onCancel={onEnd}
    >
      <SpaceBetween size="m">
        <FormField
          label={t('common.name')}
          errorText={
            isTooLong
              ? t('group.tooLong', { name: NAME_CHARACTERS_MAX, text: DESCRIPTION_CHARACTERS_MAX })
              : undefined
          }
        >
          <Input value={name} onChange={({ detail }) => setName(detail.value)} autoComplete={false} />
        </FormField>
        <FormField label={t('group.description')}>
          <Textarea value={description} rows={3} onChange={({ detail }) => setDescription(detail.value)} />
        </FormField>
      </SpaceBetween>
    </ConfirmDialog>
  );
}
