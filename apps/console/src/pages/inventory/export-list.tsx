import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { FileDialog } from './file-dialog.tsx';
import { exportHref } from './inventory-files.ts';
import { exportKey } from './inventory-upload.ts';
import { TaskProgress } from './task-progress.tsx';

export function ExportList(): ReactNode {
  const { t, formats } = useI18n();
  const { mgn, clock } = useConsole();
  const { follow, go } = useNavigation();
  const [isStarting, setIsStarting] = useState(false);
  return (
    <>
      <PagedTable<Mgn.ExportTask>
        title={t('inventory.exports')}
        description={t('inventory.exports.text')}
        listing="exports"
        on={['ExportChanged']}
        load={(page) => mgn('ListExports', page)}
        trackBy="exportID"
        empty={<EmptyList title={t('inventory.exports.empty')} text={t('inventory.exports.emptyText')} />}
        actions={
          <Button variant="primary" onClick={() => setIsStarting(true)}>
            {t('inventory.export.start')}
          </Button>
        }
        columns={[
          {
            id: 'id',
            header: t('inventory.export'),
            isRowHeader: true,
            cell: ({ exportID = '' }) => (
              <Link href={exportHref(exportID)} onFollow={follow}>
                {exportID}
              </Link>
            ),
          },
          {
            id: 'file',
            header: t('inventory.file'),
            cell: ({ s3Bucket, s3Key }) => `${s3Bucket}/${s3Key}`,
          },
          {
            id: 'status',
            header: t('inventory.status'),
            cell: ({ exportID = '', status, progressPercentage: percent }) => (
              <TaskProgress status={status} percent={percent} label={exportID} />
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
      {isStarting && (
        <FileDialog
          kind="export"
          proposedKey={exportKey(clock.nowMs())}
          work={(file) => mgn('StartExport', file)}
          onDone={({ exportTask }) => go(exportHref(exportTask?.exportID ?? ''))}
          onCancel={() => setIsStarting(false)}
        />
      )}
    </>
  );
}
