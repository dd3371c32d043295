/**
 * The launch templates of servers: versions, and what differs between two. Each server has one of its own.
 */
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { serverName } from '../../servers/server-name.ts';
import { ServerPicker } from '../../servers/server-picker.tsx';
import { useConsole, useLive } from '../../shell/console-context.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { TemplateDiff } from '../server/launch/template-diff-table.tsx';
import { TemplateVersions } from '../server/launch/template-versions.tsx';

const VERSIONS_MAX = 1000;

export function MachineTemplates(): ReactNode {
  const { t } = useI18n();
  const [server, setServer] = useState<Mgn.SourceServer>();
  const { sourceServerID } = server ?? {};
  return (
    <SpaceBetween size="l">
      <ServerPicker
        title={t('templates.machines.title')}
        description={t('templates.machines.text')}
        chosen={server}
        onChoose={setServer}
      />
      {server === undefined || sourceServerID === undefined ? (
        <Box color="text-body-secondary">{t('templates.machines.none')}</Box>
      ) : (
        <>
          <Header variant="h2">{t('templates.machines.of', { name: serverName(server) })}</Header>
          <Versions key={sourceServerID} sourceServerID={sourceServerID} />
        </>
      )}
    </SpaceBetween>
  );
}

function Versions({ sourceServerID }: { readonly sourceServerID: string }): ReactNode {
  const { landfall, queries } = useConsole();
  const key = `all versions of the launch template of ${sourceServerID}`;
  const versions = useLive({
    key,
    on: ['SourceServerChanged', 'TemplateChanged'],
    about: sourceServerID,
    load: async () =>
      (await landfall('DescribeLaunchTemplateVersions', { sourceServerID, maxResults: VERSIONS_MAX })).items,
  });
  return (
    <LiveState answer={versions} onRetry={() => queries.refresh(key)}>
      {(items) => (
        <SpaceBetween size="l">
          <TemplateVersions sourceServerID={sourceServerID} versions={items} />
          <TemplateDiff versions={items} />
        </SpaceBetween>
      )}
    </LiveState>
  );
}
