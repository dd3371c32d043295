/** How a server will be launched: MGN's launch configuration, and the launch template beyond it. */
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useConsole, useLive } from '../../../shell/console-context.tsx';
import { LiveState } from '../../../widgets/live-state.tsx';
import type { ServerTabProps } from '../server-page.tsx';
import { LaunchConfigurationForm } from './launch-configuration-form.tsx';
import { TemplateDiff } from './template-diff-table.tsx';
import { TemplateVersions } from './template-versions.tsx';

const VERSIONS_MAX = 100;

export function LaunchTab({ server }: ServerTabProps): ReactNode {
  const { mgn, landfall } = useConsole();
  const sourceServerID = server.sourceServerID ?? '';
  const configuration = useLive({
    key: `launch configuration ${sourceServerID}`,
    on: ['SourceServerChanged', 'TemplateChanged'],
    about: sourceServerID,
    load: () => mgn('GetLaunchConfiguration', { sourceServerID }),
  });
  const versions = useLive({
    key: `launch template ${sourceServerID}`,
    on: ['SourceServerChanged', 'TemplateChanged'],
    about: sourceServerID,
    load: async () =>
      (await landfall('DescribeLaunchTemplateVersions', { sourceServerID, maxResults: VERSIONS_MAX })).items,
  });
  return (
    <SpaceBetween size="l">
      <LiveState answer={configuration}>
        {(known) => <LaunchConfigurationForm configuration={known} />}
      </LiveState>
      <LiveState answer={versions}>
        {(items) => (
          <SpaceBetween size="l">
            <TemplateVersions sourceServerID={sourceServerID} versions={items} />
            <TemplateDiff versions={items} />
          </SpaceBetween>
        )}
      </LiveState>
    </SpaceBetween>
  );
}
