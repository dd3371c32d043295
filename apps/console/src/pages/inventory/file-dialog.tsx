/** Asks which file of which bucket an import reads or an export writes. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useSubmission } from '../../shell/use-submission.ts';
import { CopyText } from '../../widgets/copy-text.tsx';
import { FormDialog } from '../../widgets/form-dialog.tsx';
import { bucketPath, INVENTORY_BUCKET, isBucketName, isInventoryKey } from './inventory-files.ts';

export interface InventoryFile {
  readonly s3Bucket: string;
  readonly s3Key: string;
}

export interface FileDialogProps<Output> {
  readonly kind: 'import' | 'export';
  readonly proposedKey?: string;
  readonly work: (file: InventoryFile) => Promise<Output>;
  readonly onDone: (output: Output) => void;
  readonly onCancel: () => void;
}

export function FileDialog<Output>(props: FileDialogProps<Output>): ReactNode {
  const { kind, proposedKey = '', work, onDone, onCancel } = props;
  const { t } = useI18n();
  const [bucket, setBucket] = useState(INVENTORY_BUCKET);
  const [key, setKey] = useState(proposedKey);
  const file = { s3Bucket: bucket.trim(), s3Key: key.trim() };
  const isBucketRight = isBucketName(file.s3Bucket);
  const isKeyRight = isInventoryKey(file.s3Key);
  const start = useSubmission({
    work: () => work(file),
    says: () => t(`inventory.${kind}.began`),
    onDone,
  });
  return (
    <FormDialog
      title={t(`inventory.${kind}.start`)}
      text={t(`inventory.${kind}.startText`)}
      submitText={t(`inventory.${kind}.start`)}
      submission={start}
      isDisabled={!isBucketRight || !isKeyRight}
      onCancel={onCancel}
    >
      <FormField
        label={t('inventory.bucket')}
        errorText={bucket !== '' && !isBucketRight ? t('inventory.bucketWrong') : undefined}
      >
        <Input value={bucket} onChange={({ detail }) => setBucket(detail.value)} />
      </FormField>
      <FormField
        label={t('inventory.key')}
        errorText={key !== '' && !isKeyRight ? t('inventory.keyWrong') : undefined}
      >
        <Input value={key} placeholder="servers.csv" onChange={({ detail }) => setKey(detail.value)} />
      </FormField>
      <FormField label={t('inventory.path')} description={t('inventory.pathText')}>
        <CopyText isCommand text={bucketPath(file.s3Bucket, file.s3Key)} />
      </FormField>
    </FormDialog>
  );
}
