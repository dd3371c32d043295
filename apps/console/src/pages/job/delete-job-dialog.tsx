/** A finished job is deleted only in words. */
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';

export interface DeleteJobDialogProps {
  readonly jobID: string;
  readonly onEnd: () => void;
}

export function DeleteJobDialog({ jobID, onEnd }: DeleteJobDialogProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { go } = useNavigation();
  const remove = useChange({
    work: async () => {
      await mgn('DeleteJob', { jobID });
      go(hrefOf('/jobs'));
    },
    says: () => t('job.delete.done', { job: jobID }),
    title: t('job.delete'),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('job.delete.title', { job: jobID })}
      consequence={t('job.delete.text')}
      confirmText={t('job.delete')}
      isFinal
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    />
  );
}
