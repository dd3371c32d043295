/** Renaming, archiving and deleting an application or a wave, each with its question. */
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { useConsole } from '../shell/console-context.tsx';
import { useNavigation } from '../shell/navigation.tsx';
import { useChange } from '../shell/use-change.ts';
import { ConfirmDialog } from '../widgets/confirm-dialog.tsx';
import { GroupFormDialog } from './group-form-dialog.tsx';
import { GROUPS, type Group } from './group-kinds.ts';

type EndAction = 'archive' | 'unarchive' | 'delete';
type Asked = EndAction | 'rename';

export interface GroupActions {
  readonly menu: ReactNode;
  readonly dialog: ReactNode;
}

/** `memberCount`: what is in it keeps it from being deleted. */
export function useGroupActions(group: Group, memberCount: number): GroupActions {
  const { t } = useI18n();
  const [asked, setAsked] = useState<Asked>();
  const { kind, isArchived } = group;
  const end = () => setAsked(undefined);
  const refused = (isRefused: boolean, why: string) =>
    isRefused ? { disabled: true, disabledReason: why } : {};
  const items = [
    {
      id: 'rename',
      text: t(`group.${kind}.rename`),
      ...refused(isArchived, t('group.archivedFirst')),
    },
    isArchived
      ? { id: 'unarchive', text: t('group.unarchive') }
      : { id: 'archive', text: t('group.archive') },
    { id: 'delete', text: t('group.delete'), ...refused(memberCount > 0, t(`group.${kind}.notEmpty`)) },
  ];
  const all: readonly Asked[] = ['rename', 'archive', 'unarchive', 'delete'];
  const menu = (
    <ButtonDropdown items={items} onItemClick={({ detail }) => setAsked(all.find((id) => id === detail.id))}>
      {t('common.actions')}
    </ButtonDropdown>
  );
  if (asked === undefined) return { menu, dialog: null };
  const dialog =
    asked === 'rename' ? (
      <GroupFormDialog kind={kind} group={group} onEnd={end} />
    ) : (
      <EndDialog group={group} action={asked} onEnd={end} />
    );
  return { menu, dialog };
}

function EndDialog(props: {
  readonly group: Group;
  readonly action: EndAction;
  readonly onEnd: () => void;
}): ReactNode {
  const { group, action, onEnd } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { go } = useNavigation();
  const { kind, id, name } = group;
  const title = t('group.end.title', { action: t(`group.${action}`), name });
  const change = useChange({
    work: async () => {
      const calls = GROUPS[kind];
      if (action === 'archive') await calls.archive(mgn, id);
      if (action === 'unarchive') await calls.unarchive(mgn, id);
      if (action !== 'delete') return;
      await calls.remove(mgn, id);
      go(calls.listHref);
    },
    says: () => t(`group.${action}.done`, { name }),
    title,
    onEnd,
  });
  return (
    <ConfirmDialog
      title={title}
      consequence={t(`group.${kind}.${action}.text`)}
      confirmText={t(`group.${action}`)}
      isFinal={action === 'delete'}
      isBusy={change.isBusy}
      onConfirm={change.run}
      onCancel={onEnd}
    />
  );
}
