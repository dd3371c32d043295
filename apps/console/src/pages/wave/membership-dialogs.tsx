/** Applications join a wave, and leave it. */
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { AddMembersDialog } from '../../groups/add-members-dialog.tsx';
import { inChunks } from '../../groups/in-chunks.ts';
import { listAllApplications } from '../../groups/list-applications.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import { NameList } from '../../widgets/name-list.tsx';

export interface AddApplicationsDialogProps {
  readonly waveID: string;
  readonly onEnd: () => void;
}

/** An application belongs to one wave at most. */
export function AddApplicationsDialog({ waveID, onEnd }: AddApplicationsDialogProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const candidates = useLive({
    key: 'applications without wave',
    on: [],
    load: async () => {
      const all = await listAllApplications(mgn, { isArchived: false });
      const free = all.filter((application) => application.waveID === undefined);
      return free.map(({ applicationID: id = '', name = id }) => ({ id, name }));
    },
  });
  return (
    <AddMembersDialog
      title={t('group.wave.add')}
      text={t('group.wave.addText')}
      label={t('group.application.plural')}
      none={t('group.wave.addNone')}
      candidates={candidates}
      add={(ids) =>
        inChunks(ids, (applicationIDs) => mgn('AssociateApplications', { waveID, applicationIDs }))
      }
      onEnd={onEnd}
    />
  );
}

export interface RemoveApplicationsDialogProps extends AddApplicationsDialogProps {
  readonly name: string;
  readonly applications: readonly Mgn.Application[];
}

export function RemoveApplicationsDialog(props: RemoveApplicationsDialogProps): ReactNode {
  const { waveID, name, applications, onEnd } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const ids = applications.map(({ applicationID = '' }) => applicationID);
  const remove = useChange({
    work: () =>
      inChunks(ids, (applicationIDs) => mgn('DisassociateApplications', { waveID, applicationIDs })),
    says: () => t('group.removed', { count: ids.length, name }),
    title: t('group.wave.remove'),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('group.wave.remove')}
      consequence={t('group.wave.removeText', { name })}
      confirmText={t('group.wave.remove')}
      isFinal={false}
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    >
      <NameList names={applications.map(({ applicationID: id = '', name: label = id }) => label)} />
    </ConfirmDialog>
  );
}
