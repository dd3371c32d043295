/** One export: how far it is, what is in it, and where the file is. */
import Container from '@cloudscape-design/components/container';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { apiFailure, isGone } from '../../api/failure.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useParameter } from '../../shell/pages.tsx';
import { hrefOf } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { CopyText } from '../../widgets/copy-text.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { PagedTable } from '../../widgets/paged-table.tsx';
import { DownloadFile } from './download-file.tsx';
import { bucketPath, exportHref, INVENTORY_PATH } from './inventory-files.ts';
import { TaskProgress } from './task-progress.tsx';

export function ExportPage(): ReactNode {
  const { t } = useI18n();
  const { mgn, queries } = useConsole();
  const exportID = useParameter('exportId');
  const key = `export ${exportID}`;
  const listHref = hrefOf(INVENTORY_PATH, { tab: 'exports' });
  const answer = useLive({
    key,
    on: ['ExportChanged'],
    about: exportID,
    load: async () => {
      const [task] = (await mgn('ListExports', { filters: { exportIDs: [exportID] } })).items ?? [];
      if (task !== undefined) return task;
      throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: exportID });
    },
  });
  useTitle(exportID);
  useSurroundings([
    { text: t('inventory.title'), href: listHref },
    { text: exportID, href: exportHref(exportID) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure))
    return <GonePage name={exportID} listHref={listHref} />;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('inventory.export')}>
          {exportID}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <LiveState answer={answer} onRetry={() => queries.refresh(key)}>
          {(task) => (
            <SpaceBetween size="l">
              <ExportFacts task={task} />
              {task.status === 'FAILED' && <ExportErrors exportID={exportID} />}
            </SpaceBetween>
          )}
        </LiveState>
      </SpaceBetween>
    </ContentLayout>
  );
}

function ExportFacts({ task }: { readonly task: Mgn.ExportTask }): ReactNode {
  const { t, formats } = useI18n();
  const { exportID = '', s3Bucket = '', s3Key = '', summary = {} } = task;
  const { serversCount = 0, applicationsCount = 0, wavesCount = 0 } = summary;
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={task.status === 'SUCCEEDED' && <DownloadFile bucketName={s3Bucket} fileKey={s3Key} />}
        >
          {t('inventory.result')}
        </Header>
      }
    >
      <KeyValuePairs
        columns={3}
        items={[
          {
            label: t('inventory.status'),
            value: <TaskProgress status={task.status} percent={task.progressPercentage} label={exportID} />,
          },
          { label: t('inventory.begun'), value: formats.dateTime(task.creationDateTime) },
          { label: t('inventory.ended'), value: formats.dateTime(task.endDateTime) },
          {
            label: t('inventory.written'),
            value: t('inventory.writtenCounts', {
              servers: serversCount,
              applications: applicationsCount,
              waves: wavesCount,
            }),
          },
          { label: t('inventory.path'), value: <CopyText text={bucketPath(s3Bucket, s3Key)} /> },
        ]}
      />
    </Container>
  );
}

function ExportErrors({ exportID }: { readonly exportID: string }): ReactNode {
  const { t, formats } = useI18n();
  const { mgn } = useConsole();
  return (
    <PagedTable<Mgn.ExportTaskError>
      title={t('inventory.errors')}
      listing={`errors of ${exportID}`}
      load={(page) => mgn('ListExportErrors', { exportID, ...page })}
      trackBy={({ errorData, errorDateTime }) => `${errorDateTime} ${errorData?.rawError}`}
      empty={<EmptyList title={t('inventory.errors.none')} text={t('common.unknown')} />}
      columns={[
        {
          id: 'when',
          header: t('inventory.errors.when'),
          cell: ({ errorDateTime }) => formats.instant(errorDateTime),
        },
        {
          id: 'what',
          header: t('inventory.errors.what'),
          isRowHeader: true,
          cell: ({ errorData }) => errorData?.rawError,
        },
      ]}
    />
  );
}
