/** Asks before something is done, in words; what cannot be taken back asks for a word, not only a click. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

export interface ConfirmDialogProps {
  readonly title: string;
  /** What happens, and what will be lost. */
  readonly consequence: string;
  readonly confirmText: string;
  readonly isFinal: boolean;
  readonly isBusy: boolean;
  /** What is asked for is not right yet. */
  readonly isDisabled?: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  readonly children?: ReactNode;
}

export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { title, consequence, confirmText, isFinal, isBusy, isDisabled = false } = props;
  const { onConfirm, onCancel, children } = props;
  const { t } = useI18n();
  const [typed, setTyped] = useState('');
  const word = t('common.word');
  const isConfirmed = !isFinal || typed.trim().toLowerCase() === word;
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel={t('common.close')}
      onDismiss={onCancel}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={onCancel}>{t('common.cancel')}</Button>
            <Button
              variant="primary"
              disabled={!isConfirmed || isDisabled}
              loading={isBusy}
              loadingText={t('common.loading')}
              onClick={onConfirm}
            >
              {confirmText}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {isFinal ? <Alert type="warning">{consequence}</Alert> : <Box>{consequence}</Box>}
        {children}
        {isFinal && (
          <FormField label={t('common.confirmWord', { word })}>
            <Input value={typed} onChange={({ detail }) => setTyped(detail.value)} autoComplete={false} />
          </FormField>
        )}
      </SpaceBetween>
    </Modal>
  );
}
