/** How much of the network the replication of a server may take, and when. */
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../../i18n/i18n-context.tsx';
import { ServerPicker } from '../../../servers/server-picker.tsx';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import { LimitsForm } from './limits-form.tsx';

export function BandwidthTab(): ReactNode {
  const { t } = useI18n();
  const [server, setServer] = useState<Mgn.SourceServer>();
  return (
    <SpaceBetween size="l">
      <ServerPicker
        title={t('templates.machines.title')}
        description={t('settings.bandwidth.text')}
        chosen={server}
        onChoose={setServer}
      />
      {server?.sourceServerID !== undefined && (
        <Limits key={server.sourceServerID} sourceServerID={server.sourceServerID} />
      )}
    </SpaceBetween>
  );
}

function Limits({ sourceServerID }: { readonly sourceServerID: string }): ReactNode {
  const { landfall, queries } = useConsole();
  const key = `limits of ${sourceServerID}`;
  const limits = useLive({
    key,
    on: ['SourceServerChanged'],
    about: sourceServerID,
    load: async () => (await landfall('DescribeReplication', { sourceServerID })).limits,
  });
  return (
    <LiveState answer={limits} onRetry={() => queries.refresh(key)}>
      {(known) => <LimitsForm sourceServerID={sourceServerID} known={known} />}
    </LiveState>
  );
}
