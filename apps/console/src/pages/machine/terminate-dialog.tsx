/** Says what ending the machine loses, asks for the word, then ends it. */
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { serverName } from '../../servers/server-name.ts';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { jobHref } from '../../shell/route.ts';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import type { MachineProps } from './machine-life.ts';

export interface TerminateDialogProps extends MachineProps {
  readonly server: Mgn.SourceServer;
  readonly onEnd: () => void;
}

export function TerminateDialog({ machine, server, onEnd }: TerminateDialogProps): ReactNode {
  const { t, formats } = useI18n();
  const { mgn } = useConsole();
  const { go } = useNavigation();
  const others = useOthers(machine);
  const { machineID, sourceServerID, purpose, startedDateTime } = machine;
  const name = serverName(server);
  const terminate = useChange({
    work: async () => {
      const { job } = await mgn('TerminateTargetInstances', { sourceServerIDs: [sourceServerID] });
      if (job !== undefined) go(jobHref(job.jobID));
    },
    says: () => t('machine.terminate.begun', { machine: machineID }),
    title: t('machine.terminate'),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('machine.terminate.title', { machine: machineID })}
      consequence={t(`machine.terminate.${purpose}`, { name })}
      confirmText={t('machine.terminate')}
      isFinal
      isBusy={terminate.isBusy}
      onConfirm={terminate.run}
      onCancel={onEnd}
    >
      <ul>
        <li>{t('machine.terminate.lost', { since: formats.instant(startedDateTime) })}</li>
        {others.length > 0 && <li>{t('machine.terminate.others', { machines: others.join(', '), name })}</li>}
        <li>{t('machine.terminate.stays', { name })}</li>
      </ul>
    </ConfirmDialog>
  );
}

/** The service ends whatever was launched from the server. */
function useOthers({ machineID, sourceServerID }: MachineProps['machine']): readonly string[] {
  const { landfall } = useConsole();
  const answer = useLive({
    key: `machines of ${sourceServerID}`,
    on: ['LaunchedMachineChanged'],
    about: sourceServerID,
    load: () => landfall('DescribeLaunchedMachines', { sourceServerIDs: [sourceServerID] }),
  });
  return (answer.value?.items ?? [])
    .filter((one) => one.machineID !== machineID && one.phase !== 'TERMINATED')
    .map((one) => one.machineID);
}
