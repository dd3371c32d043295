/** One wave: its progress, its applications, its servers, and the launch of all of them. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { isGone } from '../../api/failure.ts';
import { waveGroup } from '../../groups/group-kinds.ts';
import { MemberProgressBox } from '../../groups/member-progress-box.tsx';
import { MemberServers } from '../../groups/member-servers.tsx';
import { useGroupActions } from '../../groups/use-group-actions.tsx';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useParameter } from '../../shell/pages.tsx';
import { hrefOf, waveHref } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { LaunchWaveDialog } from './launch-wave-dialog.tsx';
import { WaveApplications } from './wave-applications.tsx';
import type { WaveLaunchKind } from './wave-launch.ts';
import { type WaveWithMembers, waveQuery } from './wave-query.ts';

export function WavePage(): ReactNode {
  const { t } = useI18n();
  const { mgn, queries } = useConsole();
  const waveID = useParameter('waveId');
  const query = waveQuery(mgn, waveID);
  const answer = useLive(query);
  const name = answer.value?.wave.name ?? waveID;
  useTitle(name);
  useSurroundings([
    { text: t('group.wave.plural'), href: hrefOf('/waves') },
    { text: name, href: waveHref(waveID) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure)) {
    return <GonePage name={name} listHref={hrefOf('/waves')} />;
  }
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(known) => <KnownWave known={known} />}
    </LiveState>
  );
}

function KnownWave({ known }: { readonly known: WaveWithMembers }): ReactNode {
  const { t } = useI18n();
  const { wave, applications, servers } = known;
  const group = waveGroup(wave);
  const { id, name, description, isArchived } = group;
  const actions = useGroupActions(group, applications.length);
  const [asked, setAsked] = useState<WaveLaunchKind>();
  const isLaunchable = !isArchived && servers.length > 0;
  const launches = (['test', 'cutover'] as const).map((kind) => (
    <Button
      key={kind}
      disabled={!isLaunchable}
      {...(isLaunchable ? {} : { disabledReason: t('wave.launch.empty') })}
      onClick={() => setAsked(kind)}
    >
      {t(`wave.launch.${kind}`)}
    </Button>
  ));
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={description}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {actions.menu}
              {launches}
            </SpaceBetween>
          }
        >
          {name}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {isArchived && <Alert type="info">{t('group.archived')}</Alert>}
        <MemberProgressBox
          servers={servers}
          health={wave.waveAggregatedStatus?.healthStatus}
          progress={wave.waveAggregatedStatus?.progressStatus}
        />
        <WaveApplications waveID={id} name={name} applications={applications} isArchived={isArchived} />
        <MemberServers
          servers={servers}
          empty={<EmptyList title={t('group.wave.noServers')} text={t('group.wave.noServersText')} />}
        />
        {actions.dialog}
        {asked !== undefined && (
          <LaunchWaveDialog name={name} kind={asked} servers={servers} onEnd={() => setAsked(undefined)} />
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}
