/** Asks before an access key is turned off, on, or deleted. */
import Alert from '@cloudscape-design/components/alert';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useSession } from '../../session/session-gate.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';

export interface KeyQuestion {
  readonly kind: 'activate' | 'deactivate' | 'delete';
  readonly item: Landfall.AccessKeyItem;
}

export interface KeyDialogProps {
  readonly question: KeyQuestion;
  readonly onEnd: () => void;
}

export function KeyDialog({ question, onEnd }: KeyDialogProps): ReactNode {
  const { kind, item } = question;
  const { t } = useI18n();
  const { landfall } = useConsole();
  const session = useSession();
  const { userName, accessKeyID } = item;
  const key = { userName, accessKeyID };
  const change = useChange({
    work: () => {
      if (kind === 'delete') return landfall('DeleteAccessKey', key);
      return landfall('UpdateAccessKey', { ...key, status: kind === 'activate' ? 'ACTIVE' : 'INACTIVE' });
    },
    says: () => t(`access.key.${kind}Done`, { id: accessKeyID }),
    onEnd,
  });
  const isOwn = session.kind !== 'SIGNED_OUT' && session.keyId === accessKeyID;
  return (
    <ConfirmDialog
      title={t(`access.key.${kind}Of`, { id: accessKeyID })}
      consequence={t(`access.key.${kind}Text`)}
      confirmText={t(`access.key.${kind}`)}
      isFinal={kind === 'delete'}
      isBusy={change.isBusy}
      onConfirm={change.run}
      onCancel={onEnd}
    >
      {isOwn && kind !== 'activate' && <Alert type="warning">{t('access.key.ownWarning')}</Alert>}
    </ConfirmDialog>
  );
}
