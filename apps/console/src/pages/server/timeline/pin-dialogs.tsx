/** Gives a point its name, and takes it away. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import type { Landfall } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { ConfirmDialog } from '../../../widgets/confirm-dialog.tsx';

export interface PinDialogProps {
  readonly sourceServerID: string;
  readonly point: Landfall.RecoveryPointItem;
  readonly onEnd: () => void;
}

export function PinDialog({ sourceServerID, point, onEnd }: PinDialogProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const [name, setName] = useState('');
  const at = `epoch:${point.epoch}`;
  const change = useChange({
    work: () => landfall('PinRecoveryPoint', { sourceServerID, at, name: name.trim() }),
    says: () => t('timeline.pinned'),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('timeline.pin')}
      consequence={t('timeline.pin.text')}
      confirmText={t('timeline.pin')}
      isFinal={false}
      isBusy={change.isBusy}
      isDisabled={name.trim() === ''}
      onConfirm={change.run}
      onCancel={onEnd}
    >
      <FormField label={t('timeline.pin.label')}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </ConfirmDialog>
  );
}

export function UnpinDialog({ sourceServerID, point, onEnd }: PinDialogProps): ReactNode {
  const { t } = useI18n();
  const { landfall } = useConsole();
  const change = useChange({
    work: () => landfall('UnpinRecoveryPoint', { sourceServerID, epoch: point.epoch }),
    says: () => t('timeline.unpinned'),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('timeline.unpin')}
      consequence={t('timeline.unpin.text')}
      confirmText={t('timeline.unpin')}
      isFinal={false}
      isBusy={change.isBusy}
      onConfirm={change.run}
      onCancel={onEnd}
    />
  );
}
