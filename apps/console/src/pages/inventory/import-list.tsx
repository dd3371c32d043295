import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { downloadText } from '../../widgets/download.ts';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { FileDialog } from './file-dialog.tsx';
import { columnsFile, importHref } from './inventory-files.ts';
import { TaskProgress } from './task-progress.tsx';
import { UploadDialog } from './upload-dialog.tsx';

export function ImportList(): ReactNode {
  const { t, formats } = useI18n();
  const { mgn } = useConsole();
  const { follow, go } = useNavigation();
  const [asked, setAsked] = useState<'upload' | 'bucket'>();
  const onDone = ({ importTask }: Mgn.StartImportResponse) => go(importHref(importTask?.importID ?? ''));
  const onCancel = () => setAsked(undefined);
  return (
    <>
      <PagedTable<Mgn.ImportTask>
        title={t('inventory.imports')}
        description={t('inventory.imports.text')}
        listing="imports"
        on={['ImportChanged']}
        load={(page) => mgn('ListImports', page)}
        trackBy="importID"
        empty={<EmptyList title={t('inventory.imports.empty')} text={t('inventory.imports.emptyText')} />}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <ColumnsButton />
            <Button onClick={() => setAsked('bucket')}>{t('inventory.import.start')}</Button>
            <Button variant="primary" iconName="upload" onClick={() => setAsked('upload')}>
              {t('inventory.upload.start')}
            </Button>
          </SpaceBetween>
        }
        columns={[
          {
            id: 'id',
            header: t('inventory.import'),
            isRowHeader: true,
            cell: ({ importID = '' }) => (
              <Link href={importHref(importID)} onFollow={follow}>
                {importID}
              </Link>
            ),
          },
          {
            id: 'file',
            header: t('inventory.file'),
            cell: ({ s3BucketSource: file }) => `${file?.s3Bucket}/${file?.s3Key}`,
          },
          {
            id: 'status',
            header: t('inventory.status'),
            cell: ({ importID = '', status, progressPercentage: percent }) => (
              <TaskProgress status={status} percent={percent} label={importID} />
            ),
          },
          {
            id: 'begun',
            header: t('inventory.begun'),
            cell: ({ creationDateTime }) => formats.dateTime(creationDateTime),
          },
          {
            id: 'ended',
            header: t('inventory.ended'),
            cell: ({ endDateTime }) => formats.dateTime(endDateTime),
          },
        ]}
      />
      {asked === 'upload' && <UploadDialog onDone={onDone} onCancel={onCancel} />}
      {asked === 'bucket' && (
        <FileDialog
          kind="import"
          work={(s3BucketSource) => mgn('StartImport', { s3BucketSource })}
          onDone={onDone}
          onCancel={onCancel}
        />
      )}
    </>
  );
}

function ColumnsButton(): ReactNode {
  const { t } = useI18n();
  const download = () =>
    downloadText({ name: t('inventory.columnsName'), contentType: 'text/csv', text: columnsFile() });
  return (
    <Button iconName="download" onClick={download}>
      {t('inventory.columns')}
    </Button>
  );
}
