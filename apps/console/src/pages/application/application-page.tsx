/** One application: how far its servers have come, and which belong to it. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Mgn } from '@landfall/api/types';
import { type ReactNode, useState } from 'react';
import { isGone } from '../../api/failure.ts';
import { applicationGroup } from '../../groups/group-kinds.ts';
import { MemberProgressBox } from '../../groups/member-progress-box.tsx';
import { MemberServers } from '../../groups/member-servers.tsx';
import { useGroupActions } from '../../groups/use-group-actions.tsx';
import { useI18n } from '../../i18n/i18n-context.tsx';
import { useConsole, useLive, useTitle } from '../../shell/console-context.tsx';
import { useNavigation } from '../../shell/navigation.tsx';
import { useParameter } from '../../shell/pages.tsx';
import { applicationHref, hrefOf, waveHref } from '../../shell/route.ts';
import { useSurroundings } from '../../shell/shell.tsx';
import { EmptyList } from '../../widgets/empty-list.tsx';
import { GonePage } from '../../widgets/gone-page.tsx';
import { LiveState } from '../../widgets/live-state.tsx';
import { AddServersDialog } from './add-servers-dialog.tsx';
import { type ApplicationWithServers, applicationQuery } from './application-query.ts';
import { RemoveServersDialog } from './remove-servers-dialog.tsx';

export function ApplicationPage(): ReactNode {
  const { t } = useI18n();
  const { mgn, queries } = useConsole();
  const applicationID = useParameter('applicationId');
  const query = applicationQuery(mgn, applicationID);
  const answer = useLive(query);
  const name = answer.value?.application.name ?? applicationID;
  useTitle(name);
  useSurroundings([
    { text: t('group.application.plural'), href: hrefOf('/applications') },
    { text: name, href: applicationHref(applicationID) },
  ]);
  if (answer.failure !== undefined && isGone(answer.failure)) {
    return <GonePage name={name} listHref={hrefOf('/applications')} />;
  }
  return (
    <LiveState answer={answer} onRetry={() => queries.refresh(query.key)}>
      {(known) => <KnownApplication known={known} />}
    </LiveState>
  );
}

function KnownApplication({ known }: { readonly known: ApplicationWithServers }): ReactNode {
  const { t } = useI18n();
  const { follow } = useNavigation();
  const { application, servers } = known;
  const { waveID, description, applicationAggregatedStatus: status } = application;
  const group = applicationGroup(application);
  const actions = useGroupActions(group, servers.length);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={description} actions={actions.menu}>
          {group.name}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {group.isArchived && <Alert type="info">{t('group.archived')}</Alert>}
        {waveID !== undefined && (
          <Link href={waveHref(waveID)} onFollow={follow}>
            {t('group.application.toWave')}
          </Link>
        )}
        <MemberProgressBox
          servers={servers}
          health={status?.healthStatus}
          progress={status?.progressStatus}
        />
        <Servers known={known} isArchived={group.isArchived} />
        {actions.dialog}
      </SpaceBetween>
    </ContentLayout>
  );
}

function Servers(props: { readonly known: ApplicationWithServers; readonly isArchived: boolean }): ReactNode {
  const { known, isArchived } = props;
  const { t } = useI18n();
  const [isAdding, setIsAdding] = useState(false);
  const [leaving, setLeaving] = useState<readonly Mgn.SourceServer[]>();
  const { application, servers } = known;
  const { applicationID = '', name = '' } = application;
  const add = (
    <Button disabled={isArchived} onClick={() => setIsAdding(true)}>
      {t('group.application.add')}
    </Button>
  );
  return (
    <>
      <MemberServers
        servers={servers}
        empty={
          <EmptyList title={t('group.application.noServers')} text={t('group.application.noServersText')} />
        }
        buttons={(selected) => (
          <>
            {add}
            <Button disabled={isArchived || selected.length === 0} onClick={() => setLeaving(selected)}>
              {t('group.application.remove')}
            </Button>
          </>
        )}
      />
      {isAdding && <AddServersDialog applicationID={applicationID} onEnd={() => setIsAdding(false)} />}
      {leaving !== undefined && (
        <RemoveServersDialog
          applicationID={applicationID}
          name={name}
          servers={leaving}
          onEnd={() => setLeaving(undefined)}
        />
      )}
    </>
  );
}
