/** Says in words what other tiers would drop, and asks; a word is asked for when something goes. */
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { useSubmission } from '../../../shell/use-submission.ts';
import { ConfirmDialog } from '../../../widgets/confirm-dialog.tsx';
import { FailureAlert, LiveState } from '../../../widgets/live-state.tsx';

export interface RetentionChangeDialogProps {
  readonly change: Landfall.PutRetentionRequest;
  readonly onCancel: () => void;
  readonly onDone: () => void;
}

export function RetentionChangeDialog({ change, onCancel, onDone }: RetentionChangeDialogProps): ReactNode {
  const { t } = useI18n();
  const { landfall, queries } = useConsole();
  const { expectedRevision: _, ...previewed } = change;
  const key = `retention preview ${JSON.stringify(previewed)}`;
  const preview = useLive({ key, on: [], load: () => landfall('PreviewRetention', previewed) });
  const put = useSubmission({
    work: () => landfall('PutRetention', change),
    says: () => t('settings.retention.saved'),
    onDone,
  });
  const { droppedPoints = 0, unansweredServerIDs = [] } = preview.value ?? {};
  const isReset = change.tiers === undefined;
  const title = t(isReset ? 'settings.retention.resetTitle' : 'settings.retention.changeTitle');
  return (
    <ConfirmDialog
      title={title}
      consequence={t(isReset ? 'settings.retention.resetText' : 'settings.retention.changeText')}
      confirmText={title}
      isFinal={droppedPoints > 0 || unansweredServerIDs.length > 0}
      isBusy={put.isBusy}
      isDisabled={preview.value === undefined}
      onConfirm={put.run}
      onCancel={onCancel}
    >
      {put.failure !== undefined && <FailureAlert failure={put.failure} />}
      <LiveState answer={preview} onRetry={() => queries.refresh(key)}>
        {(known) => <Preview preview={known} />}
      </LiveState>
    </ConfirmDialog>
  );
}

function Preview({ preview }: { readonly preview: Landfall.PreviewRetentionResponse }): ReactNode {
  const { t } = useI18n();
  const { servers, points, droppedPoints, droppingServers, unansweredServerIDs, items } = preview;
  const unanswered = unansweredServerIDs.length;
  return (
    <SpaceBetween size="m">
      {droppedPoints === 0 ? (
        <Box>{t('settings.retention.dropsNothing', { points, servers })}</Box>
      ) : (
        <Alert type="warning">
          {t('settings.retention.drops', {
            dropped: droppedPoints,
            points,
            dropping: droppingServers,
            servers,
          })}
        </Alert>
      )}
      {unanswered > 0 && (
        <Alert type="warning">{t('settings.retention.unanswered', { count: unanswered })}</Alert>
      )}
      {items.length > 0 && <Losses items={items} />}
    </SpaceBetween>
  );
}

function Losses({ items }: Pick<Landfall.PreviewRetentionResponse, 'items'>): ReactNode {
  const { t, formats } = useI18n();
  return (
    <Table<Landfall.RetentionPreviewItem>
      variant="embedded"
      wrapLines
      items={[...items]}
      trackBy="sourceServerID"
      ariaLabels={{ tableLabel: t('settings.retention.losses') }}
      columnDefinitions={[
        {
          id: 'server',
          header: t('settings.retention.losesServer'),
          isRowHeader: true,
          cell: ({ sourceServerID }) => sourceServerID,
        },
        {
          id: 'dropped',
          header: t('settings.retention.losesPoints'),
          cell: ({ droppedPoints }) => formats.number(droppedPoints),
        },
        {
          id: 'oldest',
          header: t('settings.retention.oldest'),
          cell: ({ oldestDateTime }) => formats.instant(oldestDateTime),
        },
        {
          id: 'kept',
          header: t('settings.retention.oldestThen'),
          cell: ({ oldestKeptDateTime }) => formats.instant(oldestKeptDateTime),
        },
      ]}
    />
  );
}
