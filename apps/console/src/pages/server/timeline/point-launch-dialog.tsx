/** Asks before a launch from the chosen second, then begins it. */
import type { Landfall, Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { machineReplacement } from '../../../servers/machine-replacement.ts';
import { ReplacedMachines } from '../../../servers/replaced-machines.tsx';
import { useConsole } from '../../../shell/console-context.tsx';
import { useChange } from '../../../shell/use-change.ts';
import { ConfirmDialog } from '../../../widgets/confirm-dialog.tsx';

export interface PointLaunchDialogProps {
  readonly server: Mgn.SourceServer;
  readonly point: Landfall.RecoveryPointItem;
  readonly purpose: Landfall.LaunchPurpose;
  readonly onEnd: () => void;
}

export function PointLaunchDialog({ server, point, purpose, onEnd }: PointLaunchDialogProps): ReactNode {
  const { t, formats } = useI18n();
  const { landfall } = useConsole();
  const isTest = purpose === 'TEST';
  const title = t(isTest ? 'timeline.launchTest' : 'timeline.launchCutover');
  const { sourceServerID = '' } = server;
  const replacement = machineReplacement([server]);
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
      isFinal={replacement.isFinal}
      isBusy={launch.isBusy}
      onConfirm={launch.run}
      onCancel={onEnd}
    >
      <ReplacedMachines replacement={replacement} />
    </ConfirmDialog>
  );
}
