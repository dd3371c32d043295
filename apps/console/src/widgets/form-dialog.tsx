/** A form in a dialog. It stays open when sending it fails, with the failure over what was typed. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import type { Submission } from '../shell/use-submission.ts';
import { FailureAlert } from './live-state.tsx';

export interface FormDialogProps {
  readonly title: string;
  /** What it does. */
  readonly text: string;
  readonly submitText: string;
  readonly submission: Submission;
  /** What is asked for is not right yet. */
  readonly isDisabled?: boolean;
  readonly onCancel: () => void;
  readonly children?: ReactNode;
}

export function FormDialog(props: FormDialogProps): ReactNode {
  const { title, text, submitText, submission, isDisabled = false, onCancel, children } = props;
  const { t } = useI18n();
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
              disabled={isDisabled}
              loading={submission.isBusy}
              loadingText={t('common.loading')}
              onClick={submission.run}
            >
              {submitText}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {submission.failure !== undefined && <FailureAlert failure={submission.failure} />}
        <Box>{text}</Box>
        {children}
      </SpaceBetween>
    </Modal>
  );
}
