/**
 * A secret that is shown this once. It closes only when somebody says that they have it: a click beside
 * it, or a key pressed too early, would lose it for good.
 */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { CopyText } from './copy-text.tsx';

export interface SecretDialogProps {
  readonly title: string;
  /** What becomes of who loses it. */
  readonly warning: string;
  readonly fields: readonly SecretField[];
  readonly onEnd: () => void;
}

export interface SecretField {
  readonly label: string;
  readonly text: string;
}

export function SecretDialog({ title, warning, fields, onEnd }: SecretDialogProps): ReactNode {
  const { t } = useI18n();
  const [isKept, setIsKept] = useState(false);
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel={t('common.close')}
      onDismiss={() => isKept && onEnd()}
      footer={
        <Box float="right">
          <Button variant="primary" disabled={!isKept} onClick={onEnd}>
            {t('common.close')}
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">{warning}</Alert>
        {fields.map(({ label, text }) => (
          <div key={label}>
            <Box variant="awsui-key-label">{label}</Box>
            <CopyText isCommand text={text} />
          </div>
        ))}
        <Checkbox checked={isKept} onChange={({ detail }) => setIsKept(detail.checked)}>
          {t('list.secretKept')}
        </Checkbox>
      </SpaceBetween>
    </Modal>
  );
}
