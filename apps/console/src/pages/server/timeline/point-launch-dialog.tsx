/** Asks before a launch from the chosen second, then begins it. */
import type { Landfall } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { ConfirmDialog } from '../../../widgets/confirm-dialog.tsx';

export interface PointDialogProps {
  readonly sourceServerID: string;
  readonly point: Landfall.RecoveryPointItem;
  readonly onEnd: () => void;
}

export function PointLaunchDialog(
  props: PointDialogProps & { readonly purpose: Landfall.LaunchPurpose },
): ReactNode {
  const { sourceServerID, point, purpose, onEnd } = props;
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const isTest = purpose === 'TEST';
  const title = t(isTest ? 'timeline.launchTest' : 'timeline.launchCutover');
  const time = formats.instant(point.cutDateTime);
  const launch = useChange({
    work: () => landfall('StartLaunch', { sourceServerID, purpose, at: `epoch:${point.epoch}` }),
    says: ({ job }) => t('timeline.launched', { job: job.jobID }),
    title,
    onEnd,
  });
  return (
    <ConfirmDialog
      title={title}
      consequence={t(isTest ? 'timeline.confirm.test' : 'timeline.confirm.cutover', { time })}
      confirmText={title}
      isFinal={false}
      isBusy={launch.isBusy}
      onConfirm={launch.run}
      onCancel={onEnd}
    />
  );
}
