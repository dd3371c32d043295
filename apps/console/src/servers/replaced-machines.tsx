/** Says before a launch which machines it ends. */
import Alert from '@cloudscape-design/components/alert';
import type { Mgn } from '@landfall/api/types';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';
import { NameList } from '../widgets/name-list.tsx';
import type { MachineReplacement } from './machine-replacement.ts';
import { serverName } from './server-name.ts';

export function ReplacedMachines({ replacement }: { readonly replacement: MachineReplacement }): ReactNode {
  const { t } = useI18n();
  const { servers } = replacement;
  if (servers.length === 0) return null;
  return (
    <Alert type="warning">
      {t('servers.replacing', { count: servers.length })}
      <NameList names={servers.map(machineName)} />
    </Alert>
  );
}

function machineName(server: Mgn.SourceServer): string {
  return `${serverName(server)} (${server.launchedInstance?.ec2InstanceID ?? ''})`;
}
