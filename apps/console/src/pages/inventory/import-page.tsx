/** One import: how far it is, what it made, and every row that was wrong. */
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
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { DownloadFile } from './download-file.tsx';
import { ImportErrors } from './import-errors.tsx';
import { INVENTORY_PATH, importHref } from './inventory-files.ts';
import { TaskProgress } from './task-progress.tsx';

export function ImportPage(): ReactNode {
  const { t } = useI18n();
  const { mgn, queries } = useConsole();
  const importID = useParameter('importId');
  const key = `import ${importID}`;
  const answer = useLive({
    key,
    on: ['ImportChanged'],
    about: importID,
    load: async () => {
      const [task] = (await mgn('ListImports', { filters: { importIDs: [importID] } })).items ?? [];
      if (task !== undefined) return task;
      throw apiFailure({ name: 'ResourceNotFoundException', status: 404, message: importID });
    },
  });
  useTitle(importID);
  useSurroundings([
    { text: t('inventory.title'), href: hrefOf(INVENTORY_PATH) },
    { text: importID, href: importHref(importID) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure))
    return <GonePage name={importID} listHref={hrefOf(INVENTORY_PATH)} />;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={t('inventory.import')}>
          {importID}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <LiveState answer={answer} onRetry={() => queries.refresh(key)}>
          {(task) => <ImportFacts task={task} />}
        </LiveState>
        <ImportErrors importID={importID} status={answer.value?.status} />
      </SpaceBetween>
    </ContentLayout>
  );
}

interface Counts {
  readonly createdCount?: number | undefined;
  readonly modifiedCount?: number | undefined;
}

function ImportFacts({ task }: { readonly task: Mgn.ImportTask }): ReactNode {
  const { t, formats } = useI18n();
  const { importID = '', s3BucketSource: file, status, progressPercentage, summary = {} } = task;
  const countsOf = ({ createdCount = 0, modifiedCount = 0 }: Counts = {}) =>
    t('inventory.counts', { created: createdCount, modified: modifiedCount });
  return (
    <Container
      header={
        <Header variant="h2" actions={<DownloadFile bucketName={file?.s3Bucket} fileKey={file?.s3Key} />}>
          {t('inventory.result')}
        </Header>
      }
    >
      <KeyValuePairs
        columns={4}
        items={[
          {
            label: t('inventory.status'),
            value: <TaskProgress status={status} percent={progressPercentage} label={importID} />,
          },
          { label: t('inventory.file'), value: `${file?.s3Bucket}/${file?.s3Key}` },
          { label: t('inventory.begun'), value: formats.dateTime(task.creationDateTime) },
          { label: t('inventory.ended'), value: formats.dateTime(task.endDateTime) },
          { label: t('inventory.servers'), value: countsOf(summary.servers) },
          { label: t('inventory.applications'), value: countsOf(summary.applications) },
          { label: t('inventory.waves'), value: countsOf(summary.waves) },
        ]}
      />
    </Container>
  );
}
