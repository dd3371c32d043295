/** Says what a launch of the wave will do to which servers, then begins one job with all of them. */
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { ReplacedMachines } from '../../servers/replaced-machines.tsx';
import { serverName } from '../../servers/server-name.ts';
import { useConsole } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { jobHref } from '../../shell/route.ts';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import { NameList } from '../../widgets/name-list.tsx';
import { countLeft, leftKey, planWaveLaunch, type WaveLaunchKind } from './wave-launch.ts';

export interface LaunchWaveDialogProps {
  readonly name: string;
  readonly kind: WaveLaunchKind;
  readonly servers: readonly Mgn.SourceServer[];
  readonly onEnd: () => void;
}

export function LaunchWaveDialog({ name, kind, servers, onEnd }: LaunchWaveDialogProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const { go } = useNavigation();
  const plan = planWaveLaunch(servers, kind);
  const { launched, replacement, left } = plan;
  const count = launched.length;
  const launch = useChange({
    work: async () => {
      const input = { sourceServerIDs: launched.map(({ sourceServerID = '' }) => sourceServerID) };
      const { job } = await mgn(kind === 'test' ? 'StartTest' : 'StartCutover', input);
      if (job !== undefined) go(jobHref(job.jobID));
    },
    says: () => t('wave.launch.begun', { name, count }),
    title: t(`wave.launch.${kind}`),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t(`wave.launch.${kind}.title`, { name })}
      consequence={t(`wave.launch.${kind}.text`, { count })}
      confirmText={t(`wave.launch.${kind}`)}
      isFinal={replacement.isFinal}
      isBusy={launch.isBusy}
      isDisabled={count === 0}
      onConfirm={launch.run}
      onCancel={onEnd}
    >
      <SpaceBetween size="m">
        <NameList names={launched.map(serverName)} />
        <ReplacedMachines replacement={replacement} />
        {left.length > 0 && (
          <div>
            <Box variant="p">{t('wave.launch.left', { count: left.length })}</Box>
            <ul>
              {countLeft(plan).map(([reason, number]) => (
                <li key={reason}>
                  {t('wave.launch.leftLine', { count: number, reason: t(leftKey(reason)) })}
                </li>
              ))}
            </ul>
          </div>
        )}
      </SpaceBetween>
    </ConfirmDialog>
  );
}
