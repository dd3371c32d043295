import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { inChunks } from '../../groups/in-chunks.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { serverName } from '../../servers/server-name.ts';
import { useConsole } from '../../shell/console-context.tsx';
import { useChange } from '../../shell/use-change.ts';
import { ConfirmDialog } from '../../widgets/confirm-dialog.tsx';
import { NameList } from '../../widgets/name-list.tsx';

export interface RemoveServersDialogProps {
  readonly applicationID: string;
  readonly name: string;
  readonly servers: readonly Mgn.SourceServer[];
  readonly onEnd: () => void;
}

export function RemoveServersDialog(props: RemoveServersDialogProps): ReactNode {
  const { applicationID, name, servers, onEnd } = props;
  const { t } = useI18n();
  const { mgn } = useConsole();
  const ids = servers.map(({ sourceServerID = '' }) => sourceServerID);
  const remove = useChange({
    work: () =>
      inChunks(ids, (sourceServerIDs) =>
        mgn('DisassociateSourceServers', { applicationID, sourceServerIDs }),
      ),
    says: () => t('group.removed', { count: servers.length, name }),
    title: t('group.application.remove'),
    onEnd,
  });
  return (
    <ConfirmDialog
      title={t('group.application.remove')}
      consequence={t('group.application.removeText', { name })}
      confirmText={t('group.application.remove')}
      isFinal={false}
      isBusy={remove.isBusy}
      onConfirm={remove.run}
      onCancel={onEnd}
    >
      <NameList names={servers.map(serverName)} />
    </ConfirmDialog>
  );
}
