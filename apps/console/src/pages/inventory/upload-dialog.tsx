/** Asks for a file of the person's own machine, sends it, and begins its import. */
import FileUpload from '@cloudscape-design/components/file-upload';
import FormField from '@cloudscape-design/components/form-field';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useSubmission } from '../../shell/use-submission.ts';
import { FormDialog } from '../../widgets/form-dialog.tsx';
import { INVENTORY_BUCKET } from './inventory-files.ts';
import {
  readUpload,
  UPLOAD_BYTES_MAX,
  type Upload,
  type UploadFault,
  uploadKey,
} from './inventory-upload.ts';

export interface UploadDialogProps {
  readonly onDone: (output: Mgn.StartImportResponse) => void;
  readonly onCancel: () => void;
}

interface Chosen {
  readonly file: File;
  readonly upload: Upload;
}

export function UploadDialog({ onDone, onCancel }: UploadDialogProps): ReactNode {
  const { t } = useI18n();
  const [chosen, setChosen] = useState<Chosen>();
  const sendImport = useSendImport();
  const start = useSubmission<Mgn.StartImportResponse>({
    work: () => sendImport(chosen),
    says: () => t('inventory.import.began'),
    onDone,
  });
  const choose = async (file: File | undefined) => {
    if (file === undefined) return setChosen(undefined);
    setChosen({ file, upload: await readUpload(file) });
  };
  return (
    <FormDialog
      title={t('inventory.upload.start')}
      text={t('inventory.upload.startText')}
      submitText={t('inventory.upload.start')}
      submission={start}
      isDisabled={chosen?.upload.ok !== true}
      onCancel={onCancel}
    >
      <FileChoice chosen={chosen} onChoose={(file) => void choose(file)} />
    </FormDialog>
  );
}

function useSendImport() {
  const { mgn, landfall, clock } = useConsole();
  return async (chosen: Chosen | undefined) => {
    if (chosen?.upload.ok !== true) throw new Error('no file that can be sent was chosen');
    const { content } = chosen.upload;
    const key = uploadKey(chosen.file.name, clock.nowMs());
    await landfall('PutInventoryFile', { bucketName: INVENTORY_BUCKET, key, content });
    return mgn('StartImport', { s3BucketSource: { s3Bucket: INVENTORY_BUCKET, s3Key: key } });
  };
}

function FileChoice(props: {
  readonly chosen: Chosen | undefined;
  readonly onChoose: (file: File | undefined) => void;
}): ReactNode {
  const { chosen, onChoose } = props;
  const { t, formats } = useI18n();
  const faultText = (fault: UploadFault) => {
    if (fault.kind === 'large') return t('inventory.upload.large', { max: formats.bytes(UPLOAD_BYTES_MAX) });
    if (fault.kind === 'encoding')
      return t('inventory.upload.encoding', { line: formats.number(fault.line) });
    return t(`inventory.upload.${fault.kind}`);
  };
  return (
    <FormField label={t('inventory.upload.file')} description={t('inventory.upload.fileText')}>
      <FileUpload
        accept=".csv,text/csv"
        value={chosen === undefined ? [] : [chosen.file]}
        onChange={({ detail }) => onChoose(detail.value.at(-1))}
        errorText={chosen?.upload.ok === false ? faultText(chosen.upload.fault) : undefined}
        showFileSize
        showFileLastModified
        i18nStrings={{
          uploadButtonText: () => t('inventory.upload.choose'),
          dropzoneText: () => t('inventory.upload.drop'),
          removeFileAriaLabel: () => t('inventory.upload.remove'),
          limitShowFewer: t('inventory.upload.fewer'),
          limitShowMore: t('inventory.upload.more'),
          errorIconAriaLabel: t('inventory.errors'),
          formatFileSize: formats.bytes,
          formatFileLastModified: (date) => formats.dateTime(date.toISOString()),
        }}
      />
    </FormField>
  );
}
