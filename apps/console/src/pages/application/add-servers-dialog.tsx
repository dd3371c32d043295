import type { ReactNode } from 'react';
import { AddMembersDialog } from '../../groups/add-members-dialog.tsx';
import { inChunks } from '../../groups/in-chunks.ts';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { listAllServers } from '../../servers/list-servers.ts';
import { serverName } from '../../servers/server-name.ts';
import { useConsole, useLive } from '../../shell/console-context.tsx';

export interface AddServersDialogProps {
  readonly applicationID: string;
  readonly onEnd: () => void;
}

/** A server belongs to one application at most. */
export function AddServersDialog({ applicationID, onEnd }: AddServersDialogProps): ReactNode {
  const { t } = useI18n();
  const { mgn } = useConsole();
  const candidates = useLive({
    key: 'servers without application',
    on: [],
    load: async () => {
      const servers = await listAllServers(mgn, { isArchived: false });
      const free = servers.filter((server) => server.applicationID === undefined);
      return free.map((server) => ({ id: server.sourceServerID ?? '', name: serverName(server) }));
    },
  });
  return (
    <AddMembersDialog
      title={t('group.application.add')}
      text={t('group.application.addText')}
      label={t('group.servers')}
      none={t('group.application.addNone')}
      candidates={candidates}
      add={(ids) =>
        inChunks(ids, (sourceServerIDs) => mgn('AssociateSourceServers', { applicationID, sourceServerIDs }))
      }
      onEnd={onEnd}
    />
  );
}
