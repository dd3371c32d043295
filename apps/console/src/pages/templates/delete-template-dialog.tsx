import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';

export interface DeleteTemplateDialogProps {
  readonly name: string;
  readonly work: () => Promise<unknown>;
  readonly onEnd: () => void;
}

export function DeleteTemplateDialog({ name, work, onEnd }: DeleteTemplateDialogProps): ReactNode {
  const { t } = useI18n();
  const remove = useChange({ work, says: () => t('templates.deleted', { name }), onEnd });
  return (
    <ConfirmDialog
      title={t('templates.deleteOf', { name })}
      consequence={t('templates.deleteText')}
      confirmText={t('templates.delete')}
      isFinal
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    />
  );
}
